interface Refusal {
  says: string;
  /** What such an answer holds, of those that there are the likeliest. */
  example: { kind: string; message: string; cure: string };
}

/** What the documentation says of each status that is no answer. */
export const REFUSALS: Record<number, Refusal> = {
  400: {
    says: 'The address, its parameters or the body cannot be read, or do not fit what the model takes',
    example: {
      kind: 'bad-request',
      message: 'The request is wrong: horizon: Too big: expected number to be <=168.',
      cure: 'Its fields are horizon, issue_time, model, user.',
    },
  },
  401: {
    says: 'No key or token, or one that is not known',
    example: {
      kind: 'unauthenticated',
      message: 'This API key is not known here.',
      cure: 'Send a key in the header x-api-key, or a token in authorization: Bearer.',
    },
  },
  403: {
    says: 'The role of the caller is not enough, or a page of another site asks',
    example: {
      kind: 'permission-denied',
      message: 'This needs the role approver; the caller is operator.',
      cure: 'Ask an admin of this server for that role.',
    },
  },
  404: {
    says: 'What is asked for is not there',
    example: {
      kind: 'not-found',
      message: 'No model of that name is served.',
      cure: 'GET /model/info and GET /models list what there is.',
    },
  },
  409: {
    says: 'What is asked for cannot be done as things stand',
    example: {
      kind: 'refused',
      message: 'promote: Version 2 answers already.',
      cure: 'GET /models/day-ahead says what is there.',
    },
  },
  413: {
    says: 'The body is too large',
    example: {
      kind: 'too-large',
      message: 'The body is too large.',
      cure: 'Send less at once; of /openapi.json the answer 413 says how much a route takes.',
    },
  },
  415: {
    says: 'The body is not announced as JSON',
    example: {
      kind: 'bad-media-type',
      message: 'What is posted must be JSON, and say so.',
      cure: 'Send `content-type: application/json`, with a body such as {}.',
    },
  },
  422: {
    says: 'The body is JSON and does not fit its schema',
    example: {
      kind: 'bad-request',
      message: 'The request is wrong: outcomes: Too small: expected array to have >=1 items.',
      cure: 'Its fields are outcomes (needed).',
    },
  },
  429: {
    says: 'Too much is asked at once',
    example: {
      kind: 'resource-exhausted',
      message: '16 forecasts wait already.',
      cure: 'Try again after as many seconds as the header retry-after says.',
    },
  },
  500: {
    says: 'Something went wrong here',
    example: {
      kind: 'internal',
      message: 'Something went wrong here.',
      cure: 'The log of `serve` says what, under the request id.',
    },
  },
  501: {
    says: 'The model cannot be asked that',
    example: {
      kind: 'unimplemented',
      message: 'Unsupported signature method_name: tensorflow/serving/classify',
      cure: 'GET /model/info says what the model can be asked.',
    },
  },
  503: {
    says: 'What is needed does not run, or cannot take more now',
    example: {
      kind: 'UnavailableError',
      message: 'No services run on this home.',
      cure: 'Start them with `npm run -s ringwatt -- up --detach`.',
    },
  },
  504: {
    says: 'It took too long',
    example: {
      kind: 'deadline-exceeded',
      message: 'The forecast was not there after 120 s.',
      cure: 'Send less at once, or try again when less is asked.',
    },
  },
};
