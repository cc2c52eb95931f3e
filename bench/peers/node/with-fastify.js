"use strict";
// A translating gateway of fastify and undici.

const fs = require("node:fs");
const fastify = require("fastify");
const { Pool } = require("undici");
const { upgrade, downgradeAll, InvalidRecord } = require(`./${process.env.TRANSLATION}`);

const pool = new Pool(process.env.UPSTREAM, { connections: 64, pipelining: 1 });
const log = fs.createWriteStream(process.env.ACCESS_LOG, { flags: "a" });
const app = fastify({ logger: false });

app.addHook("onResponse", async (request, reply) => {
  log.write(`${request.method} ${request.url} ${reply.statusCode} ${reply.elapsedTime}\n`);
});

app.setErrorHandler((error, request, reply) => {
  reply.code(error instanceof InvalidRecord ? 422 : (error.statusCode ?? 502)).send();
});

async function carry(request, reply, path, body) {
  const headers = { authorization: request.headers.authorization };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await pool.request({ method: request.method, path, headers, body });
  reply.code(answer.statusCode);
  if (answer.statusCode !== 200 && answer.statusCode !== 201) return reply.send(answer.body);
  reply.type("application/json; charset=utf-8");
  return reply.send(JSON.stringify(downgradeAll(await answer.body.json())));
}

app.get("/api/v1/records.json", (request, reply) => carry(request, reply, "/health_records"));
app.post("/api/v1/records.json", (request, reply) =>
  carry(request, reply, "/health_records", JSON.stringify(upgrade(request.body))),
);
app.get("/api/v1/records/:file", (request, reply) => {
  const id = request.params.file.replace(/\.json$/, "");
  return carry(request, reply, `/health_records/${id}`);
});

app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
