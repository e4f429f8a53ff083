//! The table of attacks: what is sent, what the client gets, and what SWISH hears of it.

/// Whether the connection goes on after the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The node ends it.
    Closed,
    /// It waits for more.
    Open,
}

/// One attack. `{H}` stands for the line `Host: …` of the gateway, `{host}` for its address.
pub(super) type Row = (
    /* name */ &'static str,
    /* sent */ &'static [u8],
    /* answers */ &'static [u16],
    Then,
    /* first lines that SWISH hears */ &'static [&'static str],
);

use Then::{Closed, Open};

const NOTHING: &[&str] = &[];

/// Where one request ends and the next begins.
pub(super) const SMUGGLING: &[Row] = &[
    (
        "length, then chunked: chunked counts, and nothing after it does",
        b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n\
          0\r\n\r\nGET /smuggled HTTP/1.1\r\n{H}\r\n",
        &[200], Closed, &["POST /cm/x HTTP/1.1"],
    ),
    (
        "chunked, then length",
        b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n\
          0\r\n\r\nGET /smuggled HTTP/1.1\r\n{H}\r\n",
        &[200], Closed, &["POST /cm/x HTTP/1.1"],
    ),
    (
        "two lengths",
        b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 0\r\nContent-Length: 30\r\n\r\n\
          GET /smuggled HTTP/1.1\r\n{H}\r\n",
        &[400], Closed, NOTHING,
    ),
    (
        "the same length twice is one",
        b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        &[200], Open, &["POST /cm/x HTTP/1.1"],
    ),
    ("a list of lengths", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 2, 2\r\n\r\nhi", &[400], Closed, NOTHING),
    ("a length with a sign", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: +2\r\n\r\nhi", &[400], Closed, NOTHING),
    ("a length below zero", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: -2\r\n\r\nhi", &[400], Closed, NOTHING),
    ("a length in hexadecimal", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 0x2\r\n\r\nhi", &[400], Closed, NOTHING),
    (
        "an endless length",
        b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 99999999999999999999\r\n\r\nhi",
        &[400], Closed, NOTHING,
    ),
    ("chunked, identity", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("gzip, chunked", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", &[501], Closed, NOTHING),
    ("xchunked", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("chunked;q=1", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("chunked after a vertical tab", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("chunked after more spaces", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: \t chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", &[200], Open, &["POST /cm/x HTTP/1.1"]),
    (
        "chunked twice",
        b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[501], Closed, NOTHING,
    ),
    (
        "identity and chunked on two lines",
        b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[501], Closed, NOTHING,
    ),
    ("chunked in HTTP/1.0", b"POST /cm/x HTTP/1.0\r\n{H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("a header with a space before its colon", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length : 2\r\n\r\nhi", &[400], Closed, NOTHING),
    ("a header on two lines", b"GET /cm/x HTTP/1.1\r\n{H}X-A: b\r\n c\r\n\r\n", &[400], Closed, NOTHING),
    ("a header line before the first", b"GET /cm/x HTTP/1.1\r\n X-A: b\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("lines that end without a carriage return are lines, and written anew", b"GET /cm/x HTTP/1.1\nX-A: b\n{H}\r\n", &[200], Open, &["GET /cm/x HTTP/1.1"]),
    ("a chunk's size in C", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("a chunk's size with a sign", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n-2\r\nhi\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    (
        "a chunk's size beyond all numbers",
        b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nhi\r\n0\r\n\r\n",
        &[400], Closed, NOTHING,
    ),
    ("a chunk's size that ends without a carriage return", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n2\nhi\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("a line end in a chunk's extension", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n2;a=\nhi\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("a chunk that is longer than it says", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n2\r\nhithere\r\n0\r\n\r\n", &[400], Closed, NOTHING),
    ("extensions of chunks end here", b"POST /cm/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n", &[200], Open, &["POST /cm/x HTTP/1.1"]),
    (
        "headers after a body end here",
        b"POST /cm/x HTTP/1.1\r\n{H}TE: trailers\r\nTrailer: X-Forwarded-For\r\nTransfer-Encoding: chunked\r\n\r\n\
          2\r\nhi\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\nContent-Length: 7\r\n\r\n",
        &[200], Open, &["POST /cm/x HTTP/1.1"],
    ),
    ("two requests at once are two", b"GET /a HTTP/1.1\r\n{H}\r\nGET /b HTTP/1.1\r\n{H}\r\n", &[200, 200], Open, &["GET /a HTTP/1.1", "GET /b HTTP/1.1"]),
    ("what follows a request and is none", b"GET /a HTTP/1.1\r\n{H}\r\nhi there\r\n\r\n", &[200, 400], Closed, &["GET /a HTTP/1.1"]),
    (
        "a socket with a body",
        b"GET /chat HTTP/1.1\r\n{H}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 40\r\n\r\n\
          GET /smuggled HTTP/1.1\r\nHost: 12345678\r\n\r\n",
        &[400], Open, NOTHING,
    ),
    (
        "another protocol is not spoken",
        b"GET /a HTTP/1.1\r\n{H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        &[200], Open, &["GET /a HTTP/1.1"],
    ),
    (
        "the connection's headers are not the visitor's to name",
        b"POST /cm/x HTTP/1.1\r\n{H}Connection: host, content-length, transfer-encoding\r\nContent-Length: 2\r\n\r\nhi",
        &[200], Open, &["POST /cm/x HTTP/1.1"],
    ),
    (
        "names that SWISH would read as others",
        b"POST /cm/x HTTP/1.1\r\n{H}Content_Length: 40\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: 10.0.0.1\r\nX_Real_IP: 10.0.0.1\r\nContent-Length: 2\r\n\r\nhi",
        &[200], Open, &["POST /cm/x HTTP/1.1"],
    ),
    ("a body that is waited for", b"POST /cm/x HTTP/1.1\r\n{H}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", &[100, 200], Open, &["POST /cm/x HTTP/1.1"]),
    ("HTTP/2 at once", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[], Closed, NOTHING),
    ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", &[400], Closed, NOTHING),
];

/// Characters that end a line, in requests.
pub(super) const INJECTION: &[Row] = &[
    ("a line end in a path", b"GET /a\r\nX-A: b HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "a carriage return in a header",
        b"GET /a HTTP/1.1\r\n{H}X-A: b\rX-B: c\r\n\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    ("a NUL in a header", b"GET /a HTTP/1.1\r\n{H}X-A: b\0c\r\n\r\n", &[400], Closed, NOTHING),
    ("a NUL in a path", b"GET /a\0b HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "an encoded line end in a path of SWISH",
        b"GET /js%0d%0aSet-Cookie:x=1 HTTP/1.1\r\n{H}\r\n",
        &[400],
        Open,
        NOTHING,
    ),
    ("an encoded NUL in a path", b"GET /js/a%00.js HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "an encoded line end in a query stays encoded",
        b"GET /a?x=%0d%0aX-A:b HTTP/1.1\r\n{H}\r\n",
        &[200],
        Open,
        &["GET /a?x=%0d%0aX-A:b HTTP/1.1"],
    ),
    ("a header without a name", b"GET /a HTTP/1.1\r\n{H}: b\r\n\r\n", &[400], Closed, NOTHING),
];

/// Where a request goes.
pub(super) const PLACES: &[Row] = &[
    ("the address of another host", b"GET http://127.0.0.1:1/a HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("our own address in full", b"GET http://{host}/a HTTP/1.1\r\n{H}\r\n", &[200], Open, &["GET /a HTTP/1.1"]),
    ("another scheme", b"GET ftp://{host}/a HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("a tunnel", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n{H}\r\n", &[405], Closed, NOTHING),
    ("an echo of all headers", b"TRACE /a HTTP/1.1\r\n{H}\r\n", &[405], Closed, NOTHING),
    ("a host in the path", b"GET //127.0.0.1:1/a HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("a host in the path, which SWISH would drop", b"PUT //x/p/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n", &[400], Closed, NOTHING),
    ("no path", b"GET @127.0.0.1:1/a HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("the server itself", b"OPTIONS * HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("another host is only a name", b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", &[200], Open, &["GET /a HTTP/1.1"]),
    ("two hosts", b"GET /a HTTP/1.1\r\n{H}Host: evil.example\r\n\r\n", &[400], Closed, NOTHING),
    ("no host", b"GET /a HTTP/1.1\r\n\r\n", &[400], Closed, NOTHING),
    ("a user in the host", b"GET /a HTTP/1.1\r\nHost: a@127.0.0.1:1\r\n\r\n", &[400], Closed, NOTHING),
    ("a path in the host", b"GET /a HTTP/1.1\r\nHost: evil.example/b\r\n\r\n", &[400], Closed, NOTHING),
    ("SWISH's way to elsewhere is passed and not followed", b"GET /elsewhere HTTP/1.1\r\n{H}\r\n", &[302], Open, &["GET /elsewhere HTTP/1.1"]),
    (
        "a page of another site opens no socket",
        b"GET /chat HTTP/1.1\r\n{H}Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        &[403], Open, NOTHING,
    ),
    (
        "nor does one that says it is forwarded",
        b"GET /chat HTTP/1.1\r\n{H}Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: Upgrade\r\n\
          Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        &[403], Open, NOTHING,
    ),
    (
        "nor one with two origins",
        b"GET /chat HTTP/1.1\r\n{H}Origin: http://{host}\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\n\
          Upgrade: websocket\r\n\r\n",
        &[403], Open, NOTHING,
    ),
    (
        "who asks is not the visitor's to say",
        b"GET /a HTTP/1.1\r\n{H}X-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n\
          Fastly-Client-IP: 10.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n\r\n",
        &[200], Open, &["GET /a HTTP/1.1"],
    ),
];

/// Who answers what: `own.pl` is a file in the store that visitors may not change.
pub(super) const PATHS: &[Row] = &[
    (
        "an encoded letter",
        b"PUT /%70/own.pl HTTP/1.1\r\n{H}Content-Length: {N}\r\n\r\n{PUT}",
        &[403],
        Open,
        NOTHING,
    ),
    (
        "an encoded slash",
        b"PUT /p%2Fown.pl HTTP/1.1\r\n{H}Content-Length: {N}\r\n\r\n{PUT}",
        &[403],
        Open,
        NOTHING,
    ),
    (
        "an encoded slash and letters",
        b"PUT /%50%2fown.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[200],
        Open,
        &["PUT /%50%2fown.pl HTTP/1.1"],
    ),
    ("an encoded name", b"DELETE /p/%6Fwn%2Epl HTTP/1.1\r\n{H}\r\n", &[403], Open, NOTHING),
    (
        "up and down",
        b"PUT /x/../p/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    (
        "up and down, encoded",
        b"PUT /x/%2e%2E/p/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    (
        "up and down with an encoded slash",
        b"GET /js/..%2F..%2Fserver.pl HTTP/1.1\r\n{H}\r\n",
        &[400],
        Open,
        NOTHING,
    ),
    ("here", b"PUT /./p/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n", &[400], Closed, NOTHING),
    ("up from the files", b"GET /p/../login HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "a name that goes up is no path of SWISH",
        b"GET /p/..%2Flogin HTTP/1.1\r\n{H}\r\n",
        &[404],
        Open,
        NOTHING,
    ),
    (
        "a name with a line end is no path of SWISH",
        b"GET /p/a%0Ab.pl HTTP/1.1\r\n{H}\r\n",
        &[404],
        Open,
        NOTHING,
    ),
    (
        "encoded twice is another path",
        b"PUT /%2570/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[200],
        Open,
        &["PUT /%2570/own.pl HTTP/1.1"],
    ),
    (
        "a parameter is part of the path",
        b"PUT /p;x/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[200],
        Open,
        &["PUT /p;x/own.pl HTTP/1.1"],
    ),
    (
        "a backslash is no slash",
        b"PUT /p\\own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[200],
        Open,
        &["PUT /p\\own.pl HTTP/1.1"],
    ),
    (
        "capitals are others",
        b"PUT /P/own.pl HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        &[200],
        Open,
        &["PUT /P/own.pl HTTP/1.1"],
    ),
    (
        "a slash too many is part of the name",
        b"DELETE /p//own.pl HTTP/1.1\r\n{H}\r\n",
        &[404],
        Open,
        NOTHING,
    ),
    ("a NUL after the name", b"GET /p/own.pl%00.txt HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("half an encoding", b"GET /p/own.pl% HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    ("an encoding that is none", b"GET /%7z/own.pl HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "a slash that is too long",
        b"GET /p%C0%AFown.pl HTTP/1.1\r\n{H}\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    ("no UTF-8", b"GET /p/%FF.pl HTTP/1.1\r\n{H}\r\n", &[400], Closed, NOTHING),
    (
        "letters that are not encoded",
        b"GET /p/gr\xc3\xb6\xc3\x9fe.pl HTTP/1.1\r\n{H}\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    (
        "bytes that are no letters",
        b"GET /p/\xff\xfe.pl HTTP/1.1\r\n{H}\r\n",
        &[400],
        Closed,
        NOTHING,
    ),
    (
        "what is behind a # is not asked for",
        b"GET /a#/p/own.pl HTTP/1.1\r\n{H}\r\n",
        &[200],
        Open,
        &["GET /a HTTP/1.1"],
    ),
    (
        "a question mark that is encoded",
        b"GET /p/own.pl%3Fformat=raw HTTP/1.1\r\n{H}\r\n",
        &[200],
        Open,
        &["GET /p/own.pl%3Fformat=raw HTTP/1.1"],
    ),
    (
        "SWISH has no say in files",
        b"PUT /p/other.pl HTTP/1.1\r\n{H}Content-Length: 2\r\n\r\n{}",
        &[404],
        Open,
        NOTHING,
    ),
];

/// What is too much, or packed.
pub(super) const SIZES: &[Row] = &[
    ("a packed save", b"POST /p/ HTTP/1.1\r\n{H}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", &[415], Open, NOTHING),
    ("a body that says it is too long", b"POST /p/ HTTP/1.1\r\n{H}Content-Length: 99999999999\r\n\r\n{", &[413], Closed, NOTHING),
    ("an upload that says it is too long", b"POST /cm/x HTTP/1.1\r\n{H}Content-Length: 99999999999\r\n\r\nhi", &[413], Closed, NOTHING),
];

/// SWISH's own answers.
pub(super) const ANSWERS: &[Row] = &[
    (
        "a cookie on two lines",
        b"GET /folded HTTP/1.1\r\n{H}\r\n",
        &[502],
        Open,
        &["GET /folded HTTP/1.1"],
    ),
    (
        "a NUL in a way to elsewhere",
        b"GET /nul HTTP/1.1\r\n{H}\r\n",
        &[502],
        Open,
        &["GET /nul HTTP/1.1"],
    ),
    (
        "a carriage return in a cookie",
        b"GET /return HTTP/1.1\r\n{H}\r\n",
        &[502],
        Open,
        &["GET /return HTTP/1.1"],
    ),
    (
        "an answer with two lengths",
        b"GET /lengths HTTP/1.1\r\n{H}\r\n",
        &[502],
        Open,
        &["GET /lengths HTTP/1.1"],
    ),
    (
        "a configuration without end",
        b"GET /endless/swish_config.json HTTP/1.1\r\n{H}\r\n",
        &[502],
        Open,
        &["GET /endless/swish_config.json HTTP/1.1"],
    ),
    (
        "two answers at once: the second is nobody's",
        b"GET /twice HTTP/1.1\r\n{H}\r\nGET /a HTTP/1.1\r\n{H}\r\n",
        &[200, 200],
        Open,
        &["GET /twice HTTP/1.1", "GET /a HTTP/1.1"],
    ),
];
