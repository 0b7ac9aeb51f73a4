/** The archive server sets this on every reply: nobody shall take its replies for a real source's. */
export const ARCHIVE_HEADER = 'x-ringwatt-archive';

/** The ISO time of the archive server's `--clock`, where it has one. */
export const ARCHIVE_CLOCK_HEADER = 'x-ringwatt-clock';
