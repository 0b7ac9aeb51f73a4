/** Why a connection failed, in few words: OpenSSL's own messages are a line of source locations. */
export const reasonOf = (error: Error): string => (error as { reason?: string }).reason ?? error.message;
