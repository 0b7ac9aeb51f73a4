import { defineSearchAttributeKey, type SearchAttributeType } from '@temporalio/common';

/**
 * The search attributes of the project, allotted here and nowhere else: a server on SQLite has room for 10 keywords
 * and 3 of each other type, for all projects that share it.
 */
export const modelAttribute = defineSearchAttributeKey('RingwattModel', 'KEYWORD');
export const stageAttribute = defineSearchAttributeKey('RingwattStage', 'KEYWORD');
export const sourceAttribute = defineSearchAttributeKey('RingwattSource', 'KEYWORD');
export const regionsAttribute = defineSearchAttributeKey('RingwattRegions', 'KEYWORD_LIST');
export const ringSizeAttribute = defineSearchAttributeKey('RingwattRingSize', 'INT');
export const championAttribute = defineSearchAttributeKey('RingwattChampion', 'INT');

export const SEARCH_ATTRIBUTES = [
  modelAttribute,
  stageAttribute,
  sourceAttribute,
  regionsAttribute,
  ringSizeAttribute,
  championAttribute,
];

const CLI_TYPES: Record<SearchAttributeType, string> = {
  TEXT: 'Text',
  KEYWORD: 'Keyword',
  INT: 'Int',
  DOUBLE: 'Double',
  BOOL: 'Bool',
  DATETIME: 'Datetime',
  KEYWORD_LIST: 'KeywordList',
};

/** `name=Type` for each: what `temporal server start-dev --search-attribute` takes. */
export const SEARCH_ATTRIBUTE_FLAGS = SEARCH_ATTRIBUTES.map(({ name, type }) => `${name}=${CLI_TYPES[type]}`);
