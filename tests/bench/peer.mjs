// BullMQ's own library, asked a line at a time: `node peer.mjs PORT`, with its folder in PEER_HOME.
// A question is {"ask": NAME, "rounds": N} or {"ask": "work", "seconds": S}; the answer is a list of milliseconds.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.env.PEER_HOME + "/");
const { Queue, Worker } = require("bullmq");
const IORedis = require("ioredis");
const connection = { host: "127.0.0.1", port: Number(process.argv[2]), maxRetriesPerRequest: null };
const now = () => Number(process.hrtime.bigint()) / 1e6;

// Every command of worker and producer is timed but the one that waits for a job.
let taken = null;
const send = IORedis.prototype.sendCommand;
IORedis.prototype.sendCommand = function (command, stream) {
  const began = now();
  const sent = send.call(this, command, stream);
  if (taken && command.name !== "bzpopmin") command.promise.then(() => taken?.push(now() - began), () => {});
  return sent;
};

const queue = new Queue("agent-jobs", { connection });
await queue.waitUntilReady();

async function timed(rounds, ask) {
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = now();
    await ask();
    found.push(now() - began);
  }
  return found;
}

let busy = null;
async function work(seconds) {
  if (!busy) {
    const place = new Queue("works", { connection });
    busy = new Worker("works", async () => {}, { connection, concurrency: 5 });
    await busy.waitUntilReady();
    setInterval(() => place.add("job", { a: 1 }, { removeOnComplete: 100 }).catch(() => {}), 10);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  taken = [];
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const found = taken;
  taken = null;
  return found;
}

const asks = {
  counts: ({ rounds }) => timed(rounds, () => queue.getJobCounts()),
  jobs: ({ rounds }) => timed(rounds, () => queue.getJobs(["completed", "failed"], 0, -1)),
  work: ({ seconds }) => work(seconds),
};
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  console.log(JSON.stringify(await asks[question.ask](question)));
}
process.exit(0);
