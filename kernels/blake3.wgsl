// blake3: elements expanded from a key, and hash trees, see reference::{expanded_words, tree}. Names, constants and rounds as in
// J. O'Connor, J.-P. Aumasson, S. Neves, Z. Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere" (2021).
// Work: for each 64 bytes one compression of 336 additions, 224 exclusive ors and 224 rotations of 32 bits. Exact.
// Layout: an invocation makes whole compressions; four columns or diagonals of the state side by side are a vector.

const CHUNK_START = 1u;
const CHUNK_END = 2u;
const PARENT = 4u;
const ROOT = 8u;
const KEYED_HASH = 16u;

const BLOCK_BYTES = 64u;
const BLOCKS_OF_CHUNK = 16u;

// The initial values, low four.
const IV_LOW = vec4(0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au);

// The rows of the state.
struct Rows {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}

// The 16 words of a block.
struct Message {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}

fn rotated(x: vec4<u32>, n: u32) -> vec4<u32> {
    return (x >> vec4(n)) | (x << vec4(32u - n));
}

// Four quarters of a round.
fn quarters(start: Rows, x: vec4<u32>, y: vec4<u32>) -> Rows {
    var v = start;
    v.a = v.a + v.b + x;
    v.d = rotated(v.d ^ v.a, 16u);
    v.c = v.c + v.d;
    v.b = rotated(v.b ^ v.c, 12u);
    v.a = v.a + v.b + y;
    v.d = rotated(v.d ^ v.a, 8u);
    v.c = v.c + v.d;
    v.b = rotated(v.b ^ v.c, 7u);
    return v;
}

fn round_of(start: Rows, m: Message) -> Rows {
    let columns = quarters(start, vec4(m.a.xz, m.b.xz), vec4(m.a.yw, m.b.yw));
    let turned = Rows(columns.a, columns.b.yzwx, columns.c.zwxy, columns.d.wxyz);
    let diagonals = quarters(turned, vec4(m.c.xz, m.d.xz), vec4(m.c.yw, m.d.yw));
    return Rows(diagonals.a, diagonals.b.wxyz, diagonals.c.zwxy, diagonals.d.yzwx);
}

// Words 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8.
fn permuted(m: Message) -> Message {
    return Message(
        vec4(m.a.z, m.b.z, m.a.w, m.c.z),
        vec4(m.b.w, m.a.x, m.b.x, m.d.y),
        vec4(m.a.y, m.c.w, m.d.x, m.b.y),
        vec4(m.c.y, m.d.z, m.d.w, m.c.x),
    );
}

// The state after seven rounds; all counters here are below 2^32.
fn compress(low: vec4<u32>, high: vec4<u32>, block: Message, counter: u32, bytes: u32, flags: u32) -> Rows {
    var v = Rows(low, high, IV_LOW, vec4(counter, 0u, bytes, flags));
    var m = block;
    v = round_of(v, m);
    m = permuted(m);
    v = round_of(v, m);
    m = permuted(m);
    v = round_of(v, m);
    m = permuted(m);
    v = round_of(v, m);
    m = permuted(m);
    v = round_of(v, m);
    m = permuted(m);
    v = round_of(v, m);
    m = permuted(m);
    return round_of(v, m);
}

//#if EXPAND
struct Params {
    // Compressions: the counter of the first of this dispatch, at which the binding begins, and how many there are.
    first: u32,
    count: u32,
    bits: u32,
    k0: u32,
    k1: u32,
    k2: u32,
    k3: u32,
    k4: u32,
    k5: u32,
    k6: u32,
    k7: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> dst: array<vec4<u32>>;

// The low bits of the four bytes of a word, as signed numbers.
fn numbers(word: u32) -> vec4<i32> {
    let unused = 32u - p.bits;
    let raised = vec4(word << unused, word << (unused - 8u), word << (unused - 16u), word << (unused - 24u));
    return bitcast<vec4<i32>>(raised) >> vec4(unused);
}

// Writes the elements of 16 bytes, unit `at` of those of this dispatch.
fn write_elements(at: u32, bytes: vec4<u32>) {
    let a = numbers(bytes.x);
    let b = numbers(bytes.y);
    let c = numbers(bytes.z);
    let d = numbers(bytes.w);
    //#if INT8
    dst[at] = vec4(packed(a), packed(b), packed(c), packed(d));
    //#end
    //#if HALVES
    dst[2u * at] = vec4(halves(a.xy), halves(a.zw), halves(b.xy), halves(b.zw));
    dst[2u * at + 1u] = vec4(halves(c.xy), halves(c.zw), halves(d.xy), halves(d.zw));
    //#end
    //#if FP32
    dst[4u * at] = bitcast<vec4<u32>>(vec4<f32>(a));
    dst[4u * at + 1u] = bitcast<vec4<u32>>(vec4<f32>(b));
    dst[4u * at + 2u] = bitcast<vec4<u32>>(vec4<f32>(c));
    dst[4u * at + 3u] = bitcast<vec4<u32>>(vec4<f32>(d));
    //#end
}

//#if INT8
fn packed(n: vec4<i32>) -> u32 {
    let bytes = bitcast<vec4<u32>>(n) & vec4(255u);
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
//#end

// All numbers are so small that they are exact in either format.
//#if HALVES
fn halves(n: vec2<i32>) -> u32 {
    //#if FP16
    return pack2x16float(vec2<f32>(n));
    //#else
    // BF16 is the high half of FP32.
    let wide = bitcast<vec2<u32>>(vec2<f32>(n));
    return (wide.x >> 16u) | (wide.y & 0xFFFF0000u);
    //#end
}
//#end

@compute @workgroup_size(64)
fn expand(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    var done = 0u;
    if (gid.x < p.count) {
        let low = vec4(p.k0, p.k1, p.k2, p.k3);
        let high = vec4(p.k4, p.k5, p.k6, p.k7);
        let none = Message(vec4(0u), vec4(0u), vec4(0u), vec4(0u));
        let v = compress(low, high, none, p.first + gid.x, 0u, KEYED_HASH | CHUNK_START | CHUNK_END | ROOT);
        write_elements(4u * gid.x, v.a ^ v.c);
        write_elements(4u * gid.x + 1u, v.b ^ v.d);
        write_elements(4u * gid.x + 2u, v.c ^ low);
        write_elements(4u * gid.x + 3u, v.d ^ high);
        done = BLOCK_BYTES;
    }
    count(wid.x, done);
}
//#end

//#if CELLS
struct Params {
    // Cells: the number of the first of this dispatch, at which the binding begins, and how many there are.
    first: u32,
    first_high: u32,
    count: u32,
    k0: u32,
    k1: u32,
    k2: u32,
    k3: u32,
    k4: u32,
    k5: u32,
    k6: u32,
    k7: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> dst: array<vec4<u32>>;

const LINES = 64u;
const TURNS = 64u;

@compute @workgroup_size(64)
fn cells(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    var done = 0u;
    if (gid.x < p.count) {
        let low = vec4(p.k0, p.k1, p.k2, p.k3);
        let high = vec4(p.k4, p.k5, p.k6, p.k7);
        let cell = p.first + gid.x;
        let cell_high = p.first_high + select(0u, 1u, cell < p.first);
        var line = Message(vec4(0u), vec4(0u), vec4(0u), vec4(0u));
        for (var number = 0u; number < LINES; number++) {
            for (var turn = 0u; turn < TURNS; turn++) {
                line.d = vec4(cell, cell_high, number, turn);
                let v = compress(low, high, line, 0u, BLOCK_BYTES, KEYED_HASH | CHUNK_START | CHUNK_END | ROOT);
                line = Message(v.a ^ v.c, v.b ^ v.d, v.c ^ low, v.d ^ high);
            }
            let to = 4u * (gid.x * LINES + number);
            dst[to] = line.a;
            dst[to + 1u] = line.b;
            dst[to + 2u] = line.c;
            dst[to + 3u] = line.d;
        }
        done = 1u;
    }
    count(wid.x, done);
}
//#end

//#if CHUNKS
struct Params {
    // Chunks: the first of this dispatch, at which both bindings begin, and how many there are; what each starts from.
    first: u32,
    unused: u32,
    count: u32,
    keyed: u32,
    k0: u32,
    k1: u32,
    k2: u32,
    k3: u32,
    k4: u32,
    k5: u32,
    k6: u32,
    k7: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read> src: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<u32>>;

@compute @workgroup_size(64)
fn chunks(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    var done = 0u;
    if (gid.x < p.count) {
        var low = vec4(p.k0, p.k1, p.k2, p.k3);
        var high = vec4(p.k4, p.k5, p.k6, p.k7);
        for (var block = 0u; block < BLOCKS_OF_CHUNK; block++) {
            let at = (gid.x * BLOCKS_OF_CHUNK + block) * 4u;
            let m = Message(src[at], src[at + 1u], src[at + 2u], src[at + 3u]);
            let flags = p.keyed | select(0u, CHUNK_START, block == 0u) | select(0u, CHUNK_END, block + 1u == BLOCKS_OF_CHUNK);
            let v = compress(low, high, m, p.first + gid.x, BLOCK_BYTES, flags);
            low = v.a ^ v.c;
            high = v.b ^ v.d;
        }
        out[2u * gid.x] = low;
        out[2u * gid.x + 1u] = high;
        done = 1u;
    }
    count(wid.x, done);
}
//#end

//#if PARENTS
struct Params {
    // Nodes of the binding: the left child of the first parent of this dispatch, and that parent.
    children: u32,
    parents: u32,
    count: u32,
    flags: u32,
    k0: u32,
    k1: u32,
    k2: u32,
    k3: u32,
    k4: u32,
    k5: u32,
    k6: u32,
    k7: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> nodes: array<vec4<u32>>;

@compute @workgroup_size(64)
fn parents(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    var done = 0u;
    if (gid.x < p.count) {
        let left = 2u * (p.children + 2u * gid.x);
        let m = Message(nodes[left], nodes[left + 1u], nodes[left + 2u], nodes[left + 3u]);
        let low = vec4(p.k0, p.k1, p.k2, p.k3);
        let high = vec4(p.k4, p.k5, p.k6, p.k7);
        let v = compress(low, high, m, 0u, BLOCK_BYTES, p.flags);
        let to = 2u * (p.parents + gid.x);
        nodes[to] = v.a ^ v.c;
        nodes[to + 1u] = v.b ^ v.d;
        done = 1u;
    }
    count(wid.x, done);
}
//#end
