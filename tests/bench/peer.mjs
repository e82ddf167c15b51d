// What BullMQ's own library takes for the same questions: `node peer.mjs PORT ROUNDS`, milliseconds as JSON.
import { createRequire } from "node:module";

const require = createRequire(process.env.PEER_HOME + "/");
const { Queue } = require("bullmq");
const [port, rounds] = process.argv.slice(2).map(Number);
const queue = new Queue("agent-jobs", { connection: { host: "127.0.0.1", port } });
await queue.waitUntilReady();

async function timed(count, ask) {
  const taken = [];
  for (let round = 0; round < count; round += 1) {
    const started = process.hrtime.bigint();
    await ask();
    taken.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return taken;
}

const counts = await timed(rounds * 20, () => queue.getJobCounts());
const jobs = await timed(rounds, () => queue.getJobs(["completed", "failed"], 0, -1));
console.log(JSON.stringify({ counts, jobs }));
await queue.close();
