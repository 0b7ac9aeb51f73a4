import { invalidArgument } from '../problem.ts';
import type { ClassOf } from '../doors/inference.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeDecimal } from './write-decimal.ts';
import { writeString } from './write-values.ts';

/** The answer to `:classify`: for each example its classes, each as label and score. */
export function writeClassifications(results: readonly (readonly ClassOf[])[]): Buffer {
  if (results.length === 0) throw invalidArgument('Cannot convert empty ClassificationResults to JSON');
  return written((writer) => {
    for (const [row, classes] of results.entries()) {
      writer.ascii(row > 0 ? ', [' : '[');
      for (const [column, { label, score }] of classes.entries()) {
        writer.ascii(column > 0 ? ', [' : '[');
        writeString(writer, label);
        writer.ascii(', ');
        writeDecimal(writer, score, true);
        writer.ascii(']');
      }
      writer.ascii(']');
    }
  });
}

/** The answer to `:regress`: a number for each example. */
export function writeRegressions(results: readonly number[]): Buffer {
  if (results.length === 0) throw invalidArgument('Cannot convert empty RegressionResults to JSON');
  return written((writer) => {
    for (const [row, value] of results.entries()) {
      if (row > 0) writer.ascii(', ');
      writeDecimal(writer, value, true);
    }
  });
}

function written(results: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  writer.ascii('{\n    "results": [');
  results(writer);
  writer.ascii(']\n}');
  return writer.done();
}
