//! Police officers: the queue, a case, what is watched.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    queue: "Hàng đợi", "Queue";
    dashboard: "Theo dõi", "Watch";
}
