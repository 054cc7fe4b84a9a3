//! Quantities as people write them: what is read is finite, and what is printed of it is read back.
#![no_main]

use gpu_assay::units::Unit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for unit in Unit::ALL {
        let Ok(value) = unit.parse(text) else { continue };
        assert!(value.is_finite() && value >= 0.0, "{text:?} is {value} {unit:?}");
        let printed = unit.format(value);
        let again = unit.parse(&printed).unwrap_or_else(|e| panic!("{text:?} prints as {printed:?}: {e}"));
        // Four digits are printed; far below one unit nothing is left of them.
        let close = (again - value).abs() <= value * 1e-3 + 1e-3;
        assert!(close, "{text:?} is {value}, prints as {printed:?}, is {again}");
    }
});
