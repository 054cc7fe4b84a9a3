//! The parts of kernels that are written out in the source: multiply-add chains and register tiles of products.
//! Owns their text only; must not know how it is put together (see `shaders`) nor any launch.

use std::fmt::Write as _;

use super::format::Format;
use super::shaders::{FmaForm, GemmForm, flags};
use crate::device::op::Chains;

pub fn fma_defines(form: FmaForm) -> Vec<(&'static str, String)> {
    let FmaForm { format, chains, unroll, group, vectors } = form;
    let (scalar, result) = (format.chained, format.chain_sum);
    let mut defines = flags(&["DRAW", format.flag]);
    if format.precision.is_float() {
        defines.push(("FLOAT", String::new()));
    }
    defines.push(("SCALAR", scalar.to_owned()));
    defines.push(("VECTOR", if vectors { format!("vec4<{scalar}>") } else { scalar.to_owned() }));
    defines.push(("RESULT", result.to_owned()));
    defines.push(("GROUP", group.to_string()));
    defines.push(("ACCUMULATORS", chains.accumulators.to_string()));
    defines.push(("UNROLL", unroll.to_string()));
    let width = if vectors { 4 } else { 1 };
    defines.push(("START", fma_start(chains, width)));
    defines.push(("BLOCK", fma_rounds(format, chains, width, unroll)));
    defines.push(("PAIR", fma_rounds(format, chains, width, 2)));
    defines.push(("SUM", fma_sum(chains, width, result)));
    defines
}

/// Declares the accumulators `x0`, `x1`, .., scalars or 4-vectors.
fn fma_start(chains: Chains, width: u32) -> String {
    let mut text = String::new();
    for register in 0..chains.accumulators / width {
        let parts: Vec<String> =
            (0..width).map(|c| format!("start(at + {}u)", register * width + c)).collect();
        let value = if width == 1 { parts.join("") } else { format!("vec4({})", parts.join(", ")) };
        let _ = writeln!(text, "        var x{register} = {value};");
    }
    text
}

/// The rounds of reference::run_chains, written out.
fn fma_rounds(format: &Format, chains: Chains, width: u32, rounds: u32) -> String {
    let registers = chains.accumulators / width;
    let mut text = String::new();
    for round in 0..rounds {
        let m = round % 2;
        for j in 0..registers {
            let from = (j + chains.stride / width) % registers;
            let step = match format.flag {
                "INT32" => format!("x{from} * m{m} + x{j}"),
                "INT8" => format!("step(x{from}, m{m}, x{j})"),
                _ => format!("fma(x{from}, m{m}, x{j})"),
            };
            let _ = writeln!(text, "            x{j} = {step};");
        }
    }
    text
}

/// The sum in the order of the accumulators, in the result's format.
fn fma_sum(chains: Chains, width: u32, result: &str) -> String {
    let name = |j: u32| {
        let component = if width == 1 { "" } else { [".x", ".y", ".z", ".w"][(j % 4) as usize] };
        format!("{result}(x{}{component})", j / width)
    };
    (1..chains.accumulators).fold(name(0), |sum, j| format!("{sum} + {}", name(j)))
}

pub fn gemm_defines(form: GemmForm) -> Vec<(&'static str, String)> {
    let Format { element, value, result, product_flags, .. } = *form.format;
    let mut defines = flags(product_flags);
    let pitch = form.tile() + 1;
    defines.push(("ELEMENT", element.to_owned()));
    defines.push(("VALUE", value.to_owned()));
    defines.push(("RESULT", result.to_owned()));
    defines.push(("DEPTH", form.depth.to_string()));
    defines.push(("TILE_M", form.tile().to_string()));
    defines.push(("TILE_N", form.tile().to_string()));
    defines.push(("WIDE", form.format.in_value.to_string()));
    defines.push(("SIZE_A", (pitch * form.depth).to_string()));
    defines.push(("SIZE_B", (pitch * form.depth).to_string()));
    defines.push(("ZERO", gemm_zero(form, value)));
    if form.staged {
        defines.push(("STAGED", String::new()));
        defines.push(("LOAD", gemm_load(form, value)));
        defines.push(("STEPS", gemm_steps(form)));
    } else {
        defines.push(("DIRECT", gemm_direct(form)));
    }
    defines.push(("ROWS", if form.staged { String::new() } else { gemm_rows(form) }));
    defines.push(("STORE", gemm_store(form)));
    defines
}

fn gemm_zero(form: GemmForm, value: &str) -> String {
    let mut text = String::new();
    for i in 0..form.per * form.per {
        let _ = writeln!(text, "    var s{i} = {value}(0);");
    }
    text
}

/// Each of the 256 invocations loads its share of both tiles; neighbours take neighbouring k.
fn gemm_load(form: GemmForm, value: &str) -> String {
    let pitch = form.tile() + 1;
    let mut text = String::new();
    for (name, first, limit) in [("a", "row", "rows"), ("b", "column", "columns")] {
        for share in 0..form.tile() * form.depth / 256 {
            let _ = write!(
                text,
                "        {{
            let e = flat + {offset}u;
            let r = e / DEPTH;
            let k = begin + (e % DEPTH) * WIDE;
            var v = {value}(0);
            if ({first} + r < p.{limit} && k < p.k) {{
                v = load_{name}(p.{name}_at + ({first} + r) * p.k + k, p.k - k);
            }}
            tile_{name}[(e % DEPTH) * {pitch}u + r] = v;
        }}
",
                offset = share * 256,
            );
        }
    }
    text
}

/// Where the rows of a and b begin that an invocation reads on its own.
fn gemm_rows(form: GemmForm) -> String {
    let mut text = String::new();
    for i in 0..form.per {
        for (name, first, lane, limit) in [("a", "row", "y", "rows"), ("b", "column", "x", "columns")] {
            let _ = writeln!(
                text,
                "    let at_{name}{i} = p.{name}_at + min({first} + lid.{lane} + {}u, p.{limit} - 1u) * p.k;",
                16 * i
            );
        }
    }
    text
}

fn gemm_direct(form: GemmForm) -> String {
    let per = form.per;
    let mut text = String::new();
    for i in 0..per {
        let _ = writeln!(text, "        let x{i} = load_a(at_a{i} + begin, p.k - begin);");
        let _ = writeln!(text, "        let y{i} = load_b(at_b{i} + begin, p.k - begin);");
    }
    text.push_str(&gemm_products(per));
    text
}

fn gemm_products(per: u32) -> String {
    let mut text = String::new();
    for i in 0..per {
        for j in 0..per {
            let s = i * per + j;
            let _ = writeln!(text, "            s{s} = multiply_add(x{i}, y{j}, s{s});");
        }
    }
    text
}

fn gemm_steps(form: GemmForm) -> String {
    let (per, pitch) = (form.per, form.tile() + 1);
    let mut text = String::new();
    for d in 0..form.depth {
        let _ = writeln!(text, "        {{");
        for i in 0..per {
            let at = d * pitch + 16 * i;
            let _ = writeln!(text, "            let x{i} = tile_a[{at}u + lid.y];");
            let _ = writeln!(text, "            let y{i} = tile_b[{at}u + lid.x];");
        }
        text.push_str(&gemm_products(per));
        let _ = writeln!(text, "        }}");
    }
    text
}

fn gemm_store(form: GemmForm) -> String {
    let mut text = String::new();
    for i in 0..form.per {
        for j in 0..form.per {
            let _ = write!(
                text,
                "    {{
        let r = row + lid.y + {ri}u;
        let q = column + lid.x + {rj}u;
        if (r < p.rows && q < p.columns) {{
            c[p.c_at + r * p.c_row + q] = s{s};
            results++;
        }}
    }}
",
                ri = 16 * i,
                rj = 16 * j,
                s = i * form.per + j,
            );
        }
    }
    text
}
