//! One macro for the enumerations whose variants are words of the contract.

/// Writes an enum whose variants each carry the stable word used in JSON, tables and labels:
/// `ALL` (in the order of the contract), `as_str`, `parse` (exact, case-sensitive) and `Display`.
macro_rules! coded {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$inner:meta])* $variant:ident => $word:literal, )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$inner])* $variant, )+
        }

        impl $name {
            /// Every variant, in the order of the contract.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable word of JSON, tables and metric labels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }

            /// The variant of a word, exactly as written by [`Self::as_str`].
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}
