import type { Expression } from './expression.ts';

/** How tightly an operation holds its sides together; what holds less goes in parentheses. */
function tightness({ op }: Expression): number {
  switch (op) {
    case 'or':
      return 1;
    case 'and':
      return 2;
    case 'not':
      return 3;
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '==':
    case '!=':
      return 4;
    case '+':
    case '-':
      return 5;
    case '*':
    case '/':
      return 6;
    case 'negate':
      return 7;
    default:
      return 8;
  }
}

/** The condition as it could have been written, with as few parentheses as it needs. */
export function printCondition(tree: Expression): string {
  const own = tightness(tree);
  const within = (part: Expression, least: number) =>
    tightness(part) < least ? `(${printCondition(part)})` : printCondition(part);
  switch (tree.op) {
    case 'number':
    case 'truth':
      return String(tree.value);
    case 'text':
      return `'${tree.value.replaceAll(/[\\']/g, (letter) => `\\${letter}`)}'`;
    case 'name':
      return tree.name;
    case 'negate':
      return `-${within(tree.of, own)}`;
    case 'not':
      return `not ${within(tree.of, own)}`;
    default: {
      // Operations of one kind are read from the left; a comparison stands alone.
      const left = within(tree.left, own === 4 ? 5 : own);
      return `${left} ${tree.op} ${within(tree.right, own + 1)}`;
    }
  }
}
