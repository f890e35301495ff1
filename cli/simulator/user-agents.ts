import type { Random } from './random.ts'

/** What browsers call themselves: common ones, by rough share, and the plain tools of people who automate. */

const chrome = (platform: string, version: number, mobile = ''): string =>
  `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 ${mobile}Safari/537.36`
const safari = (device: string, version: string): string =>
  `Mozilla/5.0 (${device}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Mobile/15E148 Safari/604.1`

const versions = [128, 129, 130, 131, 132, 133, 134]
const phones = [
  'Linux; Android 10; K',
  'Linux; Android 14; Pixel 8',
  'Linux; Android 13; SM-A536B',
  'Linux; Android 14; SM-S921B',
  'Linux; Android 12; Redmi Note 11',
]
const iphones = ['17.5', '17.6', '18.0', '18.1', '18.2']
const desktops = ['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64']

export function personUserAgent(random: Random): string {
  const point = random.next()
  if (point < 0.42) return chrome(random.pick(phones), random.pick(versions), 'Mobile ')
  if (point < 0.68) {
    const version = random.pick(iphones)
    return safari(`iPhone; CPU iPhone OS ${version.replace('.', '_')} like Mac OS X`, version)
  }
  if (point < 0.9) return chrome(random.pick(desktops), random.pick(versions))
  if (point < 0.96) return `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${random.integer(126, 134)}.0) Gecko/20100101 Firefox/${random.integer(126, 134)}.0`
  return `${chrome('Windows NT 10.0; Win64; x64', random.pick(versions))} Edg/${random.pick(versions)}.0.0.0`
}

const tools = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/129.0.0.0 Safari/537.36',
  'python-requests/2.32.3',
  'curl/8.5.0',
  'Go-http-client/1.1',
]

/** Half of the machines do not even hide. */
export const machineUserAgent = (random: Random): string => (random.chance(0.5) ? random.pick(tools) : chrome('X11; Linux x86_64', 126))

const crawlers = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
]
export const crawlerUserAgent = (random: Random): string => random.pick(crawlers)
