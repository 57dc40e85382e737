// Starts dynamodb-admin on the tables of examples/localaws and uses it as a browser
// does: its pages, and what its forms send.
//
// Usage: node admin.mjs ENDPOINT
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address();
probe.close();
await once(probe, "close");
const program = path.join(import.meta.dirname, "node_modules/dynamodb-admin/dist/dynamodb-admin.js");
const admin = spawn(process.execPath, [program, "--host", "127.0.0.1", "--port", String(port), "--dynamo-endpoint", process.argv[2]], { stdio: ["ignore", "pipe", "inherit"] });
let output = "";
admin.stdout.on("data", (text) => (output += text));
let passed = 0;

async function ask(method, where, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${where}`, { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  return [answer.status, await answer.text()];
}

function check(what, got, want) {
  assert.deepEqual(got, want, what);
  passed++;
}

async function page(what, where, ...parts) {
  const [status, text] = await ask("GET", where);
  check(what, status, 200);
  for (const part of parts) assert.ok(text.replaceAll("&#34;", '"').includes(part), `${what}: there is no ${part}`);
}

try {
  for (let i = 0; !output.includes("listening"); i++) {
    assert.ok(i < 200 && admin.exitCode === null, "dynamodb-admin does not start: " + output);
    await sleep(50);
  }
  await page("the list of tables", "/", "shop-orders", "saga-Table");
  const definition = { TableName: "admin", HashAttributeName: "PK", HashAttributeType: "S", RangeAttributeName: "SK", RangeAttributeType: "N", ReadCapacityUnits: 3, WriteCapacityUnits: 3 };
  const indexes = [{ IndexName: "by-state", IndexType: "global", HashAttributeName: "State", HashAttributeType: "S", ReadCapacityUnits: 3, WriteCapacityUnits: 3 }];
  await page("the form of a table", "/create-table", "TableName");
  check("a table", await ask("POST", "/create-table", { TableDefinition: definition, SecondaryIndexes: indexes }), [204, ""]);
  check("the table again", (await ask("POST", "/create-table", { TableDefinition: definition }))[0], 500);
  await page("the tables now", "/", "/tables/admin");
  await page("the form of an item", "/tables/admin/add-item", "PK");
  for (let i = 1; i <= 3; i++) {
    const item = { PK: "order ä", SK: i, State: i < 3 ? "NEW" : "OLD", Lines: [{ sku: "x", n: 1.5, gift: true, note: null }] };
    check("the key of an item", JSON.parse((await ask("PUT", "/tables/admin/add-item", item))[1]), { PK: "order ä", SK: i });
  }
  await page("the table", "/tables/admin", "admin", "by-state");
  await page("its description", "/tables/admin/meta", "by-state", "ItemCount");
  const items = async (query) => {
    const [status, text] = await ask("GET", "/tables/admin/items?" + new URLSearchParams(query));
    assert.equal(status, 200, text);
    const data = JSON.parse(text);
    return [data.Items.map((i) => i.SK).sort(), data.nextKey !== null];
  };
  check("a page of items", await items({ pageSize: "2" }), [[1, 2], true]);
  check("all items", await items({}), [[1, 2, 3], false]);
  const filters = JSON.stringify({ State: { type: "S", operator: "=", value: "NEW" } });
  check("a query of the index", await items({ operationType: "query", queryableSelection: "by-state", filters }), [[1, 2], false]);
  const one = "/tables/admin/items/" + encodeURIComponent("order ä,3");
  await page("an item", one, '"State": "OLD"', '"sku": "x"');
  check("a change of it", JSON.parse((await ask("PUT", one, { PK: "order ä", SK: 3, State: "NEWER" }))[1]), { PK: "order ä", SK: 3, State: "NEWER" });
  check("its end", (await ask("DELETE", one))[0], 204);
  check("it is gone", (await ask("GET", one))[0], 404);
  check("the end of the table", (await ask("DELETE", "/tables/admin"))[0], 204);
} catch (e) {
  console.log(e.stack + "\n" + output);
  process.exitCode = 1;
} finally {
  if (admin.exitCode === null) {
    admin.kill();
    await once(admin, "exit");
  }
}
console.log(`${passed} passed, ${process.exitCode ?? 0} failed`);
