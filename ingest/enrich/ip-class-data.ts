import type { IpClass } from '../../schemas/records.generated.ts'

/**
 * What is commonly known about large networks: their published autonomous system numbers, and the words that operators
 * of a kind put into their names. Numbers come first, since a carrier may sell access and servers under one name.
 */
export const classOfAsn: Readonly<Record<Exclude<IpClass, 'unknown'>, readonly number[]>> = {
  hosting: [
    16509,
    14618,
    8987, // Amazon Web Services
    15169,
    396982,
    19527, // Google, Google Cloud
    8075,
    8068,
    8069, // Microsoft, Azure
    13335,
    209242, // Cloudflare
    24940,
    213230, // Hetzner
    16276, // OVH
    14061, // DigitalOcean
    63949, // Linode
    20473, // Vultr
    12876, // Scaleway
    51167, // Contabo
    60781,
    28753,
    30633,
    16265, // Leaseweb
    31898, // Oracle Cloud
    36351, // IBM Cloud
    45102,
    37963, // Alibaba
    132203,
    45090, // Tencent
    9009, // M247
    212238,
    60068, // Datacamp, CDN77
    54113, // Fastly
    20940,
    16625, // Akamai
    8560, // IONOS
    46606, // Unified Layer
    53667, // FranTech
    62904,
    55286,
    40676,
    29802,
    64267,
    395954,
    26496,
  ],
  mobile: [
    22394,
    6167, // Verizon Wireless
    21928, // T-Mobile US
    20057, // AT&T Mobility
    12576, // EE
    25135, // Vodafone UK mobile
    206067, // Three UK
    39891, // Saudi Telecom mobile
    55836, // Reliance Jio
    45271, // Vodafone Idea
    24203, // XL Axiata
    23693, // Telkomsel
    36873,
    29465, // Airtel and MTN in Nigeria
    16637, // MTN South Africa
    37457, // Telkom SA mobile
    51207, // Free Mobile
  ],
  residential: [
    7922,
    33651,
    33491,
    7015,
    20214,
    22909,
    33287,
    33650,
    33652,
    33657,
    33659,
    33660,
    33662,
    33667,
    33668,
    7016, // Comcast
    20115,
    20001,
    11427,
    10796,
    11351,
    12271,
    33363,
    11426, // Charter, Spectrum
    22773, // Cox
    701, // Verizon Fios
    7018, // AT&T
    209, // Lumen
    3320, // Deutsche Telekom
    3209, // Vodafone Germany
    31334, // Vodafone Kabel
    6805, // Telefonica Germany
    2856, // BT
    5089, // Virgin Media
    5607, // Sky UK
    13285, // TalkTalk
    3215, // Orange France
    12322, // Free
    15557, // SFR
    5410, // Bouygues
    3352, // Telefonica Spain
    12479, // Orange Spain
    3269, // TIM
    12874, // Fastweb
    1136, // KPN
    33915, // Ziggo
    5432, // Proximus
    6848, // Telenet
    3301, // Telia
    2119, // Telenor
    5617, // Orange Poland
    9121, // Turk Telekom
    4134,
    4837, // China Telecom, China Unicom
    4713,
    2516,
    17676, // NTT, KDDI, SoftBank
    4766, // Korea Telecom
    1221, // Telstra
    9829, // BSNL
    7738,
    28573,
    18881, // Brazil
    8151, // Telmex
    577,
    812,
    6327,
    852, // Canada
  ],
  business: [
    174,
    3356,
    1299,
    2914,
    3257,
    6453,
    6939,
    6461, // transit
    13984,
    4323,
    7029,
  ],
  education: [
    11537, // Internet2
    20965, // GEANT
    786, // Jisc
    680, // DFN
    2200, // Renater
    1103, // SURF
    137, // GARR
    766, // RedIRIS
    2603, // NORDUnet
    559, // Switch
    3,
    111,
    32,
    25,
    73,
    88,
    17,
    26,
    29,
    52,
    55,
    59,
    12,
    14,
    27,
  ],
}

/** Tried in this order against the name in lower case; the first that matches counts. */
export const classOfWords: readonly [Exclude<IpClass, 'unknown'>, RegExp][] = [
  [
    'education',
    /\b(universit\w*|universidad\w*|univ|college|school\w*|academ\w*|institute of technology|education\w*|hochschule|polytechni\w*|research network|nren|campus|ecole|escola|faculty)\b/,
  ],
  [
    'hosting',
    /\b(hosting|hosted|host|cloud\w*|data ?cent(er|re)s?|datacamp|vps|vds|dedicated|servers?|colocation|colo|cdn|webhost\w*|digitalocean|hetzner|ovh|linode|vultr|contabo|leaseweb|scaleway|amazon\w*|aws|google|azure|alibaba|tencent|rackspace|ionos|m247|choopa|hostinger|godaddy|namecheap|proxy|vpn|infrastructure)\b/,
  ],
  ['mobile', /\b(mobile|mobil\w*|wireless|cellular|celular|cellco|gsm|lte|movil\w*|telcel|t-mobile|movistar|mtn|airtel|jio|orascom)\b/],
  ['business', /\b(bank\w*|insurance|holdings?|corporation|consulting|hospital|government|ministry|airlines?|motors?|pharma\w*|energy|enterprise|business)\b/],
  [
    'residential',
    /\b(telecom\w*|telekom\w*|telefonica|telephone|communications?|comcast|cable\w*|broadband|fib(er|re|ra)\w*|dsl|adsl|isp|internet|internet service|provider|net|network|networks|telenet|telia|spectrum|charter|cox|verizon|orange|vodafone|bt|virgin media|wifi|wisp)\b/,
  ],
]
