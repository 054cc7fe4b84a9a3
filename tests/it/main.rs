//! The one integration binary. One line per module says what it proves.
