"use strict";
// A translating gateway of Express and http-proxy-middleware.

const fs = require("node:fs");
const http = require("node:http");
const express = require("express");
const { createProxyMiddleware, responseInterceptor } = require("http-proxy-middleware");
const { upgrade, downgradeAll, InvalidRecord } = require(`./${process.env.TRANSLATION}`);

const PREFIX = "/api/v1/records";
const log = fs.createWriteStream(process.env.ACCESS_LOG, { flags: "a" });
const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use((request, response, next) => {
  const began = performance.now();
  response.on("finish", () => {
    const took = performance.now() - began;
    log.write(`${request.method} ${request.originalUrl} ${response.statusCode} ${took}\n`);
  });
  next();
});
app.use(express.json());

app.use((request, response, next) => {
  if (request.method === "POST") request.modern = JSON.stringify(upgrade(request.body));
  next();
});

app.use(
  createProxyMiddleware({
    target: process.env.UPSTREAM,
    pathFilter: (path) => path.startsWith(PREFIX),
    agent: new http.Agent({ keepAlive: true, maxSockets: 64 }),
    pathRewrite: (path) => path.replace(PREFIX, "/health_records").replace(/\.json$/, ""),
    selfHandleResponse: true,
    on: {
      proxyReq: (call, request) => {
        if (request.modern === undefined) return;
        call.setHeader("content-type", "application/json");
        call.setHeader("content-length", Buffer.byteLength(request.modern));
        call.write(request.modern);
      },
      proxyRes: responseInterceptor(async (body, answer, request, response) => {
        if (answer.statusCode !== 200 && answer.statusCode !== 201) return body;
        response.setHeader("content-type", "application/json; charset=utf-8");
        return JSON.stringify(downgradeAll(JSON.parse(body.toString("utf8"))));
      }),
    },
  }),
);

app.use((error, request, response, next) => {
  response.status(error instanceof InvalidRecord ? 422 : 400).end();
});

app.listen(Number(process.env.PORT), "127.0.0.1");
