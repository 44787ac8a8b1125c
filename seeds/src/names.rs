//! The words of made-up people's names, and where such people were born.
//!
//! A word stands several times where it is common. Order and length of the lists decide who the
//! demo people are: any change makes another population.

/// First three digits of the number. Thanh Hóa is heavy: the demo facilities are there.
pub(crate) const BIRTH_PLACES: [&str; 88] = [
    "038", "038", "038", "038", "038", "038", "038", "038", "038", "038", "038", "038", "038",
    "038", "038", "038", "038", "038", "038", "001", "001", "001", "040", "040", "079", "079",
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020",
    "022", "024", "025", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038",
    "040", "042", "044", "045", "046", "048", "049", "051", "052", "054", "056", "058", "060",
    "062", "064", "066", "067", "068", "070", "072", "074", "075", "077", "079", "080", "082",
    "083", "084", "086", "087", "089", "091", "092", "094", "095", "096",
];

/// Repeated by how common they are.
pub(crate) const SURNAMES: [&str; 48] = [
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Nguyễn",
    "Trần",
    "Trần",
    "Trần",
    "Trần",
    "Lê",
    "Lê",
    "Lê",
    "Lê",
    "Phạm",
    "Phạm",
    "Phạm",
    "Hoàng",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Trịnh",
    "Mai",
    "Đinh",
    "Lương",
    "Tống",
    "Đào",
    "Cao",
    "Hà",
    "Lưu",
    "Nghiêm",
    "Quách",
    "Thiều",
    "Tạ",
    "Ông",
    "Âu Dương",
];

/// The other parent's surname, used as a middle word.
pub(crate) const SECOND_SURNAMES: [&str; 12] = [
    "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đỗ", "Ngô", "Đặng", "Bùi", "Dương", "Trịnh", "Nguyễn",
];

pub(crate) const MALE_MIDDLES: [&str; 20] = [
    "Văn", "Văn", "Văn", "Hữu", "Đức", "Quang", "Minh", "Công", "Xuân", "Thanh", "Quốc", "Đình",
    "Trọng", "Bá", "Ngọc", "Gia", "Tuấn", "Viết", "Thế", "Nhật",
];

pub(crate) const FEMALE_MIDDLES: [&str; 20] = [
    "Thị",
    "Thị",
    "Thị",
    "Thị Bích",
    "Thị Thanh",
    "Thị Hồng",
    "Thị Kim",
    "Ngọc",
    "Thu",
    "Phương",
    "Khánh",
    "Thùy",
    "Bảo",
    "Mai",
    "Diệu",
    "Quỳnh",
    "Thị Mỹ",
    "Tường",
    "Hoài",
    "Ánh",
];

pub(crate) const MALE_GIVENS: [&str; 44] = [
    "An",
    "Anh",
    "Bảo",
    "Bình",
    "Chiến",
    "Cường",
    "Dũng",
    "Duy",
    "Đạt",
    "Đông",
    "Đức",
    "Giang",
    "Hải",
    "Hào",
    "Hiếu",
    "Hòa",
    "Hoàng",
    "Hùng",
    "Huy",
    "Khải",
    "Khoa",
    "Kiên",
    "Lâm",
    "Long",
    "Lộc",
    "Mạnh",
    "Nam",
    "Nghĩa",
    "Phong",
    "Phúc",
    "Quân",
    "Quyết",
    "Sơn",
    "Tài",
    "Thắng",
    "Thịnh",
    "Tiến",
    "Toàn",
    "Trường",
    "Tuấn",
    "Tùng",
    "Việt",
    "Vinh",
    "Vượng",
];

pub(crate) const FEMALE_GIVENS: [&str; 44] = [
    "Anh",
    "Ánh",
    "Châu",
    "Chi",
    "Diễm",
    "Dung",
    "Duyên",
    "Giang",
    "Hà",
    "Hạnh",
    "Hằng",
    "Hiền",
    "Hoa",
    "Huệ",
    "Hương",
    "Hường",
    "Khuê",
    "Lan",
    "Liên",
    "Linh",
    "Loan",
    "Ly",
    "Mai",
    "My",
    "Nga",
    "Ngân",
    "Ngọc",
    "Nguyệt",
    "Nhi",
    "Nhung",
    "Oanh",
    "Phượng",
    "Quyên",
    "Quỳnh",
    "Tâm",
    "Thảo",
    "Thúy",
    "Thủy",
    "Trang",
    "Trâm",
    "Uyên",
    "Vân",
    "Xuân",
    "Yến",
];

pub(crate) const EDE_CLANS: [&str; 10] = [
    "Niê",
    "Byă",
    "Êban",
    "Mlô",
    "Kbuôr",
    "Ayŭn",
    "Kđoh",
    "Niê Kđăm",
    "Buôn Yă",
    "Ktla",
];
pub(crate) const EDE_MALE_GIVENS: [&str; 8] = [
    "Bhăm", "Thoan", "Ngông", "Djuang", "Jŭt", "Wăn", "Sơn", "Phi Líp",
];
pub(crate) const EDE_FEMALE_GIVENS: [&str; 10] = [
    "H'Hen", "H'Ngọc", "H'Linh", "H’Mai", "H'Yuăt", "H’Bia", "H'Lan", "H'Wơ", "H’Rưn", "H'Nhung",
];

pub(crate) const JARAI_CLANS: [&str; 7] =
    ["Rơ Châm", "Rmah", "Siu", "Ksor", "Kpă", "Nay", "Rahlan"];
pub(crate) const JARAI_MALE_GIVENS: [&str; 6] =
    ["Thuyên", "Hùng", "Y Thoan", "Jip", "Phơk", "Blưng"];
pub(crate) const JARAI_FEMALE_GIVENS: [&str; 6] =
    ["H'Phí", "H’Bơ Khăp", "H'Vê", "H'Nguyên", "H’Ban", "H'Blia"];

pub(crate) const KOHO_MALE_NAMES: [&str; 8] = [
    "K'Brêu",
    "K’Thế",
    "K'Brôih",
    "Cil K'Sả",
    "K'Vinh",
    "K’Tàn",
    "Lơ Mu Ha K'Mbren",
    "K'Wát",
];
pub(crate) const KOHO_FEMALE_GIVENS: [&str; 6] =
    ["Nhiều", "Hiền", "Thủy", "Să K'Brêp", "Dẻo", "Mai"];

pub(crate) const HMONG_SURNAMES: [&str; 8] =
    ["Giàng", "Vàng", "Sùng", "Thào", "Hạng", "Mùa", "Lầu", "Hờ"];
pub(crate) const HMONG_GIVENS: [&str; 10] = [
    "Páo", "Dế", "Chứ", "Mỷ", "Sua", "Dua", "Pó", "Chá", "Vừ", "Ly",
];

pub(crate) const SOUTHERN_SURNAMES: [&str; 9] = [
    "Thạch",
    "Kim",
    "Sơn",
    "Danh",
    "Lâm",
    "Châu",
    "Đàng",
    "Quảng Đại",
    "Néang",
];
pub(crate) const KHMER_MALE_GIVENS: [&str; 7] = [
    "Sa Rây",
    "Ngọc Hải",
    "Sa Vươne",
    "Chanh Đa",
    "Phi Rum",
    "Năng Lễ",
    "Út",
];
pub(crate) const KHMER_FEMALE_GIVENS: [&str; 7] = [
    "Sô Phia",
    "Sa Mết",
    "Thu Hà",
    "Đa Rinh",
    "Sóc Kha",
    "Ni Ta",
    "Mỹ Lệ",
];

pub(crate) const THAI_SURNAMES: [&str; 9] = [
    "Lò",
    "Hà",
    "Vi",
    "Lương",
    "Quàng",
    "Cầm",
    "Bùi",
    "Phạm Bá",
    "Lộc",
];
pub(crate) const THAI_GIVENS: [&str; 10] = [
    "Thiết", "Mùi", "Piềng", "Ón", "Hặc", "Xuyến", "Thơi", "Păn", "Inh", "Khuyên",
];
