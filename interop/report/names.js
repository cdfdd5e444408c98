'use strict';
// Numbers of IANA's TLS registries by name, as far as peers are known to use them.

const suites = {
  0x002f: 'RSA_WITH_AES_128_CBC_SHA', 0x0033: 'DHE_RSA_WITH_AES_128_CBC_SHA', 0x0035: 'RSA_WITH_AES_256_CBC_SHA',
  0x0039: 'DHE_RSA_WITH_AES_256_CBC_SHA', 0x003c: 'RSA_WITH_AES_128_CBC_SHA256', 0x003d: 'RSA_WITH_AES_256_CBC_SHA256',
  0x0067: 'DHE_RSA_WITH_AES_128_CBC_SHA256', 0x006b: 'DHE_RSA_WITH_AES_256_CBC_SHA256',
  0x009c: 'RSA_WITH_AES_128_GCM_SHA256', 0x009d: 'RSA_WITH_AES_256_GCM_SHA384', 0x009e: 'DHE_RSA_WITH_AES_128_GCM_SHA256',
  0x009f: 'DHE_RSA_WITH_AES_256_GCM_SHA384', 0x00ff: 'EMPTY_RENEGOTIATION_INFO_SCSV', 0x1301: 'AES_128_GCM_SHA256',
  0x1302: 'AES_256_GCM_SHA384', 0x1303: 'CHACHA20_POLY1305_SHA256', 0x1304: 'AES_128_CCM_SHA256',
  0x5600: 'FALLBACK_SCSV', 0xc009: 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 0xc00a: 'ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  0xc013: 'ECDHE_RSA_WITH_AES_128_CBC_SHA', 0xc014: 'ECDHE_RSA_WITH_AES_256_CBC_SHA',
  0xc023: 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 0xc024: 'ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  0xc027: 'ECDHE_RSA_WITH_AES_128_CBC_SHA256', 0xc028: 'ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  0xc02b: 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 0xc02c: 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  0xc02f: 'ECDHE_RSA_WITH_AES_128_GCM_SHA256', 0xc030: 'ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  0xc09e: 'DHE_RSA_WITH_AES_128_CCM', 0xc09f: 'DHE_RSA_WITH_AES_256_CCM', 0xc0ac: 'ECDHE_ECDSA_WITH_AES_128_CCM',
  0xc0ad: 'ECDHE_ECDSA_WITH_AES_256_CCM', 0xc0ae: 'ECDHE_ECDSA_WITH_AES_128_CCM_8', 0xcca8: 'ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  0xcca9: 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 0xccaa: 'DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
};

const groups = {
  0x0017: 'P-256', 0x0018: 'P-384', 0x0019: 'P-521', 0x001d: 'X25519', 0x001e: 'X448', 0x0100: 'ffdhe2048',
  0x0101: 'ffdhe3072', 0x0102: 'ffdhe4096', 0x0103: 'ffdhe6144', 0x0104: 'ffdhe8192', 0x11eb: 'SecP256r1MLKEM768',
  0x11ec: 'X25519MLKEM768', 0x11ed: 'SecP384r1MLKEM1024',
};

const extensions = {
  0: 'server_name', 1: 'max_fragment_length', 5: 'status_request', 10: 'supported_groups', 11: 'ec_point_formats',
  13: 'signature_algorithms', 14: 'use_srtp', 16: 'application_layer_protocol_negotiation', 18: 'signed_certificate_timestamp',
  21: 'padding', 22: 'encrypt_then_mac', 23: 'extended_master_secret', 27: 'compress_certificate', 28: 'record_size_limit',
  34: 'delegated_credential', 35: 'session_ticket', 41: 'pre_shared_key', 42: 'early_data', 43: 'supported_versions',
  44: 'cookie', 45: 'psk_key_exchange_modes', 47: 'certificate_authorities', 49: 'post_handshake_auth',
  50: 'signature_algorithms_cert', 51: 'key_share', 54: 'connection_id', 65037: 'encrypted_client_hello', 65281: 'renegotiation_info',
};

const schemes = {
  0x0201: 'rsa_pkcs1_sha1', 0x0202: 'dsa_sha1', 0x0203: 'ecdsa_sha1', 0x0301: 'rsa_pkcs1_sha224', 0x0302: 'dsa_sha224',
  0x0303: 'ecdsa_sha224', 0x0402: 'dsa_sha256', 0x0502: 'dsa_sha384', 0x0602: 'dsa_sha512',
  0x0401: 'rsa_pkcs1_sha256', 0x0403: 'ecdsa_secp256r1_sha256', 0x0501: 'rsa_pkcs1_sha384', 0x0503: 'ecdsa_secp384r1_sha384',
  0x0601: 'rsa_pkcs1_sha512', 0x0603: 'ecdsa_secp521r1_sha512', 0x0804: 'rsa_pss_rsae_sha256', 0x0805: 'rsa_pss_rsae_sha384',
  0x0806: 'rsa_pss_rsae_sha512', 0x0807: 'ed25519', 0x0808: 'ed448', 0x0809: 'rsa_pss_pss_sha256', 0x080a: 'rsa_pss_pss_sha384',
  0x080b: 'rsa_pss_pss_sha512',
};

const versions = { 0xfeff: 'DTLS 1.0', 0xfefd: 'DTLS 1.2', 0xfefc: 'DTLS 1.3', 0x0303: 'TLS 1.2', 0x0304: 'TLS 1.3' };

const profiles = {
  1: 'AES128_CM_SHA1_80', 2: 'AES128_CM_SHA1_32', 5: 'NULL_SHA1_80', 6: 'NULL_SHA1_32', 7: 'AEAD_AES_128_GCM', 8: 'AEAD_AES_256_GCM',
};

const handshakes = {
  0: 'HelloRequest', 1: 'ClientHello', 2: 'ServerHello', 3: 'HelloVerifyRequest', 4: 'NewSessionTicket', 11: 'Certificate',
  12: 'ServerKeyExchange', 13: 'CertificateRequest', 14: 'ServerHelloDone', 15: 'CertificateVerify', 16: 'ClientKeyExchange',
  20: 'Finished', 22: 'CertificateStatus',
};

const alerts = {
  0: 'close_notify', 10: 'unexpected_message', 20: 'bad_record_mac', 40: 'handshake_failure', 42: 'bad_certificate',
  43: 'unsupported_certificate', 46: 'certificate_unknown', 47: 'illegal_parameter', 48: 'unknown_ca', 50: 'decode_error',
  51: 'decrypt_error', 70: 'protocol_version', 71: 'insufficient_security', 80: 'internal_error', 90: 'user_canceled',
  100: 'no_renegotiation', 116: 'certificate_required',
};

const hex = (number) => `0x${number.toString(16).padStart(4, '0')}`;

// What has no name here is shown as its number. GREASE (RFC 8701) is 0x0a0a, 0x1a1a and so on.
function name(table, number) {
  if ((number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff)) return 'GREASE';
  return table[number] || hex(number);
}

// Programs of ours tell numbers or names of their own.
const named = (table, told) => (/^(0x)?[0-9a-f]+$/i.test(told) ? name(table, Number(told)) : told);

module.exports = { suites, groups, extensions, schemes, versions, profiles, handshakes, alerts, name, named };
