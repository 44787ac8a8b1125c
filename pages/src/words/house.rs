//! The house: its rooms, its residents, its day and its register.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    rooms: "Phòng", "Rooms";
    reconcile: "Đối soát", "Reconcile";
    roster: "Nội trú", "Residents";
    household: "Nhà công vụ", "Household";
    register: "Sổ lưu trú", "Register";
}
