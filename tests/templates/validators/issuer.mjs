// An OpenID provider (oauth2-mock-server) that does what it is told: one JSON command a line in, one JSON answer a line out.
//   {"do": "start", "port"}            serve discovery and keys on that port, with a key pair made for it
//   {"do": "stop"}                     go away
//   {"do": "token", "claims", "by"}    sign: by "issuer" (default), "stranger", "nobody" or "published key"
import { createHmac, createPublicKey } from "node:crypto";
import { createInterface } from "node:readline";
import { OAuth2Server } from "oauth2-mock-server";

let server;
let stranger;

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

async function start({ port }) {
  server = new OAuth2Server();
  // A key id of its own each time: whoever starts again has rotated its key.
  await server.issuer.keys.generate("RS256", { kid: `key-${Date.now()}` });
  await server.start(port, "127.0.0.1");
  server.issuer.url = `http://127.0.0.1:${port}`;
  stranger = new OAuth2Server();
  const [published] = server.issuer.keys.toJSON();
  await stranger.issuer.keys.generate("RS256", { kid: published.kid });
  stranger.issuer.url = server.issuer.url;
  return { issuer: server.issuer.url };
}

async function token({ claims = {}, by = "issuer" }) {
  const change = (_header, payload) => {
    for (const [name, value] of Object.entries(claims)) {
      if (value === null) delete payload[name];
      else payload[name] = value;
    }
  };
  const signer = by === "stranger" ? stranger : server;
  const good = await signer.issuer.buildToken({ scopesOrTransform: change });
  if (by === "issuer" || by === "stranger") return { token: good };
  const [header, payload] = good.split(".").slice(0, 2);
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
  if (by === "nobody") return { token: `${encode({ alg: "none", kid })}.${payload}.` };
  // RFC 8725, section 2.1: the published key, taken for a shared secret
  const [jwk] = server.issuer.keys.toJSON();
  const secret = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
  const signed = `${encode({ alg: "HS256", kid })}.${payload}`;
  return { token: `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}` };
}

async function stop() {
  await server.stop();
  return {};
}

const commands = { start, stop, token };
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify(await commands[command.do](command)));
}
process.exit(0);
