//! Overlays of the catalogue, and names of cards: what is taken can be checked, signed and read back.
#![no_main]

use gpu_assay::catalogue::overlay::Overlay;
use gpu_assay::catalogue::resolve;
use gpu_assay::language::Language;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(overlay) = Overlay::parse(bytes) {
        let (catalogue, _) = overlay.check(Language::English);
        assert_eq!(catalogue.gpus.len(), overlay.cards.len());
        for card in &overlay.cards {
            let _ = resolve(&card.name);
        }
    }
    let _ = resolve(&String::from_utf8_lossy(bytes));
});
