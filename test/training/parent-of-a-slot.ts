import { SlotClient } from '../../src/training/slots/slot-client.ts';

// Starts a slot, prints its process id, and stays.
const slot = new SlotClient();
await slot.start();
process.stdout.write(`${slot.pid}\n`);
