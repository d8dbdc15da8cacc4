/** Where a server may send a request on to. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/** How close to this machine an address is: the net, a private network, this machine and its link. */
type Closeness = 0 | 1 | 2;

/** Loopback, unspecified and link-local addresses, where machines keep their own services (RFC 6890, RFC 3927, RFC 4291). */
const own = new BlockList();
own.addSubnet("127.0.0.0", 8, "ipv4");
own.addSubnet("0.0.0.0", 8, "ipv4");
own.addSubnet("169.254.0.0", 16, "ipv4");
own.addAddress("::1", "ipv6");
own.addAddress("::", "ipv6");
own.addSubnet("fe80::", 10, "ipv6");

/** Addresses of private networks (RFC 1918, RFC 6598, RFC 4193). */
const local = new BlockList();
local.addSubnet("10.0.0.0", 8, "ipv4");
local.addSubnet("172.16.0.0", 12, "ipv4");
local.addSubnet("192.168.0.0", 16, "ipv4");
local.addSubnet("100.64.0.0", 10, "ipv4");
local.addSubnet("fc00::", 7, "ipv6");

/** Finds the addresses of a name. */
type Resolve = (name: string) => Promise<readonly string[]>;

const resolveName: Resolve = async (name) =>
  (await lookup(name, { all: true }).catch(() => [])).map(({ address }) => address);

function closenessOf(address: string): Closeness {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (own.check(address, family)) return 2;
  return local.check(address, family) ? 1 : 0;
}

async function closenessOfHost({ hostname }: URL, resolve: Resolve): Promise<Closeness> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) > 0 ? [host] : await resolve(host);
  const named: Closeness = host === "localhost" || host.endsWith(".localhost") ? 2 : 0;
  return Math.max(named, ...addresses.map(closenessOf)) as Closeness;
}

/**
 * Returns why a server's wish to go on elsewhere is not followed; undefined where it is. It is followed to http and
 * https, never from https to http, without a user's name or password, and never from the net into a private network or
 * to this machine, nor from a private network to this machine.
 *
 * @param from address of the answer
 * @param to address that it names
 */
export async function redirectFault(
  from: URL,
  to: URL,
  resolve: Resolve = resolveName,
): Promise<string | undefined> {
  if (to.protocol !== "https:" && (to.protocol !== "http:" || from.protocol !== "http:"))
    return "which is not followed";
  if (to.username !== "" || to.password !== "") return "with a user's name, which is not followed";
  if (to.host === from.host) return undefined;
  const [there, here] = await Promise.all([closenessOfHost(to, resolve), closenessOfHost(from, resolve)]);
  return there > here ? "an address inside this machine or its network, which is not followed" : undefined;
}
