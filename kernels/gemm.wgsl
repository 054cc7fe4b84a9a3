// gemm: c = a b with a of m x k and b stored transposed, n x k, both row-major.
// Work: 2 m n k operations; each workgroup reads (TILE_M + TILE_N) * DEPTH elements of a and b per step of DEPTH.
// Exactness: integers always; floats where every partial sum is exact, else within rounding.
// Layout: a workgroup of 16 x 16 makes a tile of TILE_M x TILE_N, each invocation PER_M x PER_N results, 16 apart.
// Staged: tiles of a and b lie in workgroup memory, k slowest; elements outside the matrices are loaded as zero.
// Direct: each invocation loads from the matrices, rows outside repeat the last one and their results are dropped;
// for devices on which workgroup memory and barriers are dear, such as CPUs.

struct Params {
    // Rows and columns that this dispatch may write, counted from the origin of the bindings.
    rows: u32,
    columns: u32,
    k: u32,
    // First tile row of this dispatch.
    tile_row: u32,
    // Element of the bindings where row 0 of a, row 0 of b and (0, 0) of c lie.
    a_at: u32,
    b_at: u32,
    c_at: u32,
    // Elements from one row of c to the next.
    c_row: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read> a: array<$ELEMENT>;
@group(0) @binding(2) var<storage, read> b: array<$ELEMENT>;
@group(0) @binding(3) var<storage, read_write> c: array<$RESULT>;

// DEPTH steps of k, each one value wide (four bytes of k for packed bytes).
const DEPTH = $DEPTHu;
const TILE_M = $TILE_Mu;
const TILE_N = $TILE_Nu;
// Elements of k in one value.
const WIDE = $WIDEu;

//#if STAGED
var<workgroup> tile_a: array<$VALUE, $SIZE_A>;
var<workgroup> tile_b: array<$VALUE, $SIZE_B>;
//#end

//#if BYTES
fn byte_a(i: u32) -> u32 {
    return (a[i >> 2u] >> (8u * (i & 3u))) & 255u;
}

fn byte_b(i: u32) -> u32 {
    return (b[i >> 2u] >> (8u * (i & 3u))) & 255u;
}

// Four bytes of k from element i on, of which `left` belong to the row. The row may start at any byte.
fn load_a(i: u32, left: u32) -> u32 {
    if (left >= 4u && (i & 3u) == 0u) {
        return a[i >> 2u];
    }
    var word = byte_a(i);
    if (left > 1u) { word |= byte_a(i + 1u) << 8u; }
    if (left > 2u) { word |= byte_a(i + 2u) << 16u; }
    if (left > 3u) { word |= byte_a(i + 3u) << 24u; }
    return word;
}

fn load_b(i: u32, left: u32) -> u32 {
    if (left >= 4u && (i & 3u) == 0u) {
        return b[i >> 2u];
    }
    var word = byte_b(i);
    if (left > 1u) { word |= byte_b(i + 1u) << 8u; }
    if (left > 2u) { word |= byte_b(i + 2u) << 16u; }
    if (left > 3u) { word |= byte_b(i + 3u) << 24u; }
    return word;
}

fn multiply_add(x: u32, y: u32, sum: u32) -> u32 {
    return sum + bitcast<u32>(dot4I8Packed(x, y));
}
//#end
//#if FP16
fn load_a(i: u32, left: u32) -> f32 {
    return unpack2x16float(a[i >> 1u])[i & 1u];
}

fn load_b(i: u32, left: u32) -> f32 {
    return unpack2x16float(b[i >> 1u])[i & 1u];
}
//#end
//#if PLAIN
fn load_a(i: u32, left: u32) -> $VALUE {
    return a[i];
}

fn load_b(i: u32, left: u32) -> $VALUE {
    return b[i];
}
//#end
//#if FLOAT
fn multiply_add(x: $VALUE, y: $VALUE, sum: $VALUE) -> $VALUE {
    return fma(x, y, sum);
}
//#end
//#if INT32
fn multiply_add(x: u32, y: u32, sum: u32) -> u32 {
    return x * y + sum;
}
//#end

@compute @workgroup_size(16, 16)
fn product(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let row = (p.tile_row + wid.y) * TILE_M;
    let column = wid.x * TILE_N;
    let flat = lid.y * 16u + lid.x;
    var done = 0u;
$ZERO
$ROWS
    for (var begin = 0u; begin < p.k; begin += DEPTH * WIDE) {
        //#if STAGED
$LOAD
        workgroupBarrier();
$STEPS
        workgroupBarrier();
        //#else
$DIRECT
        //#end
        done += min(DEPTH * WIDE, p.k - begin);
    }
    var results = 0u;
$STORE
    count(wid.x + wid.y, done * results);
}
