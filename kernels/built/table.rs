//! Made by kernels/build.py; do not edit. The compiled kernels as bytes.

use super::images::{Code, Image};

pub const IMAGES: &[Image] = &[
    Image {
        source: "fma",
        code: Code::Ptx { from_sm: 70 },
        sha256: "64a3586f79f1876ed49d7ecb86be9976df7cb6539febc9996a8407f4f5f9b1cf",
        bytes: include_bytes!("fma.ptx"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 70 },
        sha256: "b7621f6a04158446608e781ea042f0c2eeeee97bb845014aa3e5d2d40301b385",
        bytes: include_bytes!("fma.sm_70.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 75 },
        sha256: "b32ceed3f01ad1a895086f2d103de7c960b482fefd5f85b934cc3f87efc64124",
        bytes: include_bytes!("fma.sm_75.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 80 },
        sha256: "b17cca39c79adf3debabedaafc401109defa1fb6fdd62ea7f9f46100ea217a3a",
        bytes: include_bytes!("fma.sm_80.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 86 },
        sha256: "b8cb00f3f7ad8eecf4b9451d8ef4ad1bdcc9c58ae1c61237752fa2067f07bf8b",
        bytes: include_bytes!("fma.sm_86.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 89 },
        sha256: "53769b28889ed817cc2eac12a643a44b7cc71ac5dc2629ab6fc223b828e3591c",
        bytes: include_bytes!("fma.sm_89.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 90 },
        sha256: "208a767e15f8b72459d3f692dbfea1ff7d5e87baeaf2d20a16b09a11d6fd4cdc",
        bytes: include_bytes!("fma.sm_90a.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 100 },
        sha256: "e6a5a9ee2a177ffec2362ea32a8cf595a220c495e46674efc7e55f95c268e861",
        bytes: include_bytes!("fma.sm_100a.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 103 },
        sha256: "67e14cbb5ab1b65d16133a4911088b4f9ebff39994f32733125be7f3c85e84dc",
        bytes: include_bytes!("fma.sm_103a.cubin"),
    },
    Image {
        source: "fma",
        code: Code::Cubin { sm: 120 },
        sha256: "1292cb8b5ff10d20428bbf909335af5869d87fe65a523839f2acc4e0f5f666ef",
        bytes: include_bytes!("fma.sm_120.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Ptx { from_sm: 70 },
        sha256: "54f12dd9d5e9ace1b1cbf34b2b65aca289b1efdf2d8cf95b367c37ede061fb0d",
        bytes: include_bytes!("stream.ptx"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 70 },
        sha256: "dd06c7d0fe2d81862c15dd37ba98979a4c4fbc10ae1c1c611a6ee5c69da0e0fb",
        bytes: include_bytes!("stream.sm_70.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 75 },
        sha256: "9dc312dae1725b4f237ada41cbec17fc993e925d29806dabb82b9f1413fe3e02",
        bytes: include_bytes!("stream.sm_75.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 80 },
        sha256: "6182db7049ee4693b4d770e22e6ebdc04925cf18b3e75d40a0bc654bc8f89cd9",
        bytes: include_bytes!("stream.sm_80.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 86 },
        sha256: "a5cf955d053d698626ff0c1ffe3e1f16672d4a1f9fa9cc2713c0db2a79fa0745",
        bytes: include_bytes!("stream.sm_86.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 89 },
        sha256: "1bdb840ea9da7026abbc2c48aa8e60cb14df55982f30d81ee49255c7f6320f84",
        bytes: include_bytes!("stream.sm_89.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 90 },
        sha256: "5ad7cad325d2966021c200c15dbbd89133735179c0de822450ecf48b2ae5bd2b",
        bytes: include_bytes!("stream.sm_90a.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 100 },
        sha256: "8b65551a8be565a9fd76f13e53a818b76f01a998a01e2331fe7c0f7a120bf703",
        bytes: include_bytes!("stream.sm_100a.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 103 },
        sha256: "f9371526c64eb70a6944f3222915de9c5bd88d303857a0933185f4ee25b5eb86",
        bytes: include_bytes!("stream.sm_103a.cubin"),
    },
    Image {
        source: "stream",
        code: Code::Cubin { sm: 120 },
        sha256: "393dd13cde5b34cfcb8c32cc202be15626b2362dabe8012d9d99d2322c17e139",
        bytes: include_bytes!("stream.sm_120.cubin"),
    },
];
