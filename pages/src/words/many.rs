//! Many guests at once: a group, a file, a census.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    group: "Cả đoàn", "Group";
    imports: "Nhập tệp", "Import a file";
    ward: "Khoa phòng", "Ward";
}
