//! What the contract's words are called on pages.

use domain::{
    change::ChangeKind,
    document::{DocumentKind, NoDocumentReason},
    facility::FacilityKind,
    problem::{Code, Language},
    purpose::Purpose,
    role::AccountRole,
    sender,
    sex::Sex,
    stay::{Channel, Presence, Timeliness},
};

use super::Words;

impl Words {
    const fn of(self, vi: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::Vi => vi,
            Language::En => en,
        }
    }

    /// What somebody who signs in may do.
    #[must_use]
    pub const fn of_account_role(self, role: AccountRole) -> &'static str {
        match role {
            AccountRole::Manager => self.of("Quản lý", "Manager"),
            AccountRole::FrontDesk => self.of("Lễ tân", "Front desk"),
            AccountRole::Ward => self.of("Khoa điều trị", "Ward"),
            AccountRole::Dormitory => self.of("Ký túc xá", "Dormitory"),
            AccountRole::Residence => self.of("Nhà công vụ", "Official residence"),
            AccountRole::CommuneOfficer => self.of("Công an xã, phường", "Commune officer"),
            AccountRole::ProvinceOfficer => self.of("Công an tỉnh", "Province officer"),
            AccountRole::Supervisor => self.of("Giám sát", "Supervisor"),
            AccountRole::Auditor => self.of("Kiểm tra", "Auditor"),
            AccountRole::Administrator => self.of("Quản trị", "Administrator"),
        }
    }

    /// Why something does not go to the police: a code of the workers. One without words is shown
    /// as it is.
    #[must_use]
    pub fn of_reason(self, code: &str) -> String {
        let said = match code {
            "unclear_answers" => self.of("Trả lời không rõ nhiều lần", "Many unclear answers"),
            "worker_died" => self.of(
                "Làm dừng tiến trình gửi 3 lần",
                "Ended a worker three times",
            ),
            "content_unreadable" => self.of("Không đọc được nội dung", "Content cannot be read"),
            "superseded" => self.of("Bản sau đã thay thế", "A later version replaces it"),
            "connect" => self.of("không kết nối được", "cannot connect"),
            "timeout" => self.of("quá lâu không trả lời", "timed out"),
            "cut" => self.of("kết nối bị ngắt giữa chừng", "connection cut"),
            "answer_too_long" => self.of("trả lời quá dài", "answer too long"),
            "refuses_us" => self.of("không nhận chữ ký của ta", "refuses us"),
            "overloaded" => self.of("đang quá tải", "overloaded"),
            "failing" => self.of("máy chủ báo lỗi", "server errors"),
            "our_clock" => self.of("đồng hồ của ta bị lệch", "our clock is off"),
            _ => return code.to_owned(),
        };
        said.to_owned()
    }

    /// A check of readiness.
    #[must_use]
    pub fn of_check(self, name: &str) -> String {
        let said = match name {
            "database" => self.of("Cơ sở dữ liệu", "Database"),
            "schema" => self.of("Lược đồ dữ liệu", "Schema"),
            "clock" => self.of("Đồng hồ", "Clock"),
            "keys" => self.of("Khóa dữ liệu của tháng", "Data key of the month"),
            "draining" => self.of("Đang phục vụ", "Serving"),
            "registry" => self.of("CSDL quốc gia về dân cư", "Population registry"),
            "police" => self.of("Cổng công an", "Police endpoint"),
            _ => return name.to_owned(),
        };
        said.to_owned()
    }

    /// What a program with a key may do.
    #[must_use]
    pub const fn of_key_role(self, role: sender::Role) -> &'static str {
        match role {
            sender::Role::Declarant => self.of("Cơ sở", "Facility"),
            sender::Role::Integrator => self.of("Tích hợp", "Integrator"),
            sender::Role::Police => self.of("Công an", "Police"),
            sender::Role::Admin => self.of("Quản trị", "Administrator"),
        }
    }

    /// What a facility is by law.
    #[must_use]
    pub const fn of_facility_kind(self, kind: FacilityKind) -> &'static str {
        match kind {
            FacilityKind::LodgingBusiness => {
                self.of("Cơ sở kinh doanh lưu trú", "Lodging business")
            }
            FacilityKind::GuestHouse => self.of("Nhà khách", "Guest house"),
            FacilityKind::OfficialResidence => self.of("Nhà công vụ", "Official residence"),
            FacilityKind::MedicalFacility => self.of("Cơ sở y tế", "Medical facility"),
            FacilityKind::School => self.of("Trường học, ký túc xá", "School"),
        }
    }

    /// A kind of document.
    #[must_use]
    pub const fn of_document_kind(self, kind: DocumentKind) -> &'static str {
        match kind {
            DocumentKind::CitizenCard => self.of("Căn cước (12 số)", "Identity card (12 digits)"),
            DocumentKind::ForeignIdentityCard => {
                self.of("Thẻ căn cước nước ngoài", "Foreign identity card")
            }
            DocumentKind::OldIdentityCard => {
                self.of("Chứng minh nhân dân 9 số", "Old identity card (9 digits)")
            }
            DocumentKind::PersonalIdNotice => {
                self.of("Thông báo số định danh", "Notice of personal ID number")
            }
            DocumentKind::Passport => self.of("Hộ chiếu", "Passport"),
            DocumentKind::TravelDocument => self.of("Giấy tờ đi lại quốc tế", "Travel document"),
            DocumentKind::DrivingLicence => self.of("Giấy phép lái xe", "Driving licence"),
            DocumentKind::BirthCertificate => self.of("Giấy khai sinh", "Birth certificate"),
            DocumentKind::HealthInsuranceCard => {
                self.of("Thẻ bảo hiểm y tế", "Health insurance card")
            }
            DocumentKind::Other => self.of("Giấy tờ khác", "Other document"),
            DocumentKind::None => self.no_document(),
        }
    }

    /// A reason for having no document.
    #[must_use]
    pub const fn of_no_document_reason(self, reason: NoDocumentReason) -> &'static str {
        match reason {
            NoDocumentReason::Newborn => self.of("Trẻ mới sinh tại đây", "Born here just now"),
            NoDocumentReason::Unidentified => self.of(
                "Chưa rõ danh tính (bất tỉnh)",
                "Not identified (unconscious)",
            ),
            NoDocumentReason::Minor => self.of("Trẻ em chưa có giấy tờ", "A child without a card"),
            NoDocumentReason::Lost => self.of("Bị mất giấy tờ", "Lost or stolen"),
        }
    }

    /// A sex.
    #[must_use]
    pub const fn of_sex(self, sex: Sex) -> &'static str {
        match sex {
            Sex::Male => self.of("Nam", "Male"),
            Sex::Female => self.of("Nữ", "Female"),
            Sex::Unspecified => self.of("Không ghi", "Not stated"),
        }
    }

    /// A purpose.
    #[must_use]
    pub const fn of_purpose(self, purpose: Purpose) -> &'static str {
        match purpose {
            Purpose::Tourism => self.of("Du lịch", "Tourism"),
            Purpose::Business => self.of("Công tác", "Business"),
            Purpose::Study => self.of("Học tập", "Study"),
            Purpose::Visit => self.of("Thăm viếng", "Visit"),
            Purpose::Conference => self.of("Hội nghị", "Conference"),
            Purpose::FamilyVisit => self.of("Thăm thân", "Family visit"),
            Purpose::Charity => self.of("Từ thiện", "Charity"),
            Purpose::InternationalOrganisation => {
                self.of("Tổ chức quốc tế", "International organisation")
            }
            Purpose::Marriage => self.of("Kết hôn", "Marriage"),
            Purpose::Consular => self.of("Lãnh sự quán", "Consular"),
            Purpose::Aid => self.of("Viện trợ", "Aid"),
            Purpose::Embassy => self.of("Đại sứ quán", "Embassy"),
            Purpose::Settlement => self.of("Định cư", "Settlement"),
            Purpose::Marketing => self.of("Tiếp thị", "Marketing"),
            Purpose::Press => self.of("Báo chí, phóng viên", "Press"),
            Purpose::Trade => self.of("Thương mại", "Trade"),
            Purpose::VisaExtension => self.of("Gia hạn thị thực", "Visa extension"),
            Purpose::MedicalTreatment => self.of("Chữa bệnh", "Medical treatment"),
            Purpose::Work => self.of("Lao động", "Work"),
            Purpose::Other => self.of("Mục đích khác", "Other"),
            Purpose::PatientCarer => self.of("Chăm sóc người bệnh", "Carer of a patient"),
        }
    }

    /// Whether the guest is there.
    #[must_use]
    pub const fn of_presence(self, presence: Presence) -> &'static str {
        match presence {
            Presence::Present => self.present(),
            Presence::Departed => self.departed(),
            Presence::Cancelled => self.cancelled(),
        }
    }

    /// A verdict.
    #[must_use]
    pub const fn of_timeliness(self, timeliness: Timeliness) -> &'static str {
        match timeliness {
            Timeliness::OnTime => self.on_time(),
            Timeliness::Late => self.late(),
        }
    }

    /// What made a version.
    #[must_use]
    pub const fn of_change(self, kind: ChangeKind) -> &'static str {
        match kind {
            ChangeKind::Declared => self.first_declaration(),
            ChangeKind::Amended => self.change_amended(),
            ChangeKind::Departed => self.change_departed(),
            ChangeKind::Returned => self.change_returned(),
            ChangeKind::Extended => self.change_extended(),
            ChangeKind::Cancelled => self.change_cancelled(),
            ChangeKind::Completed => self.change_completed(),
        }
    }

    /// The door a version came in by.
    #[must_use]
    pub const fn of_channel(self, channel: Channel) -> &'static str {
        match channel {
            Channel::Page | Channel::Scan => self.of("khai ở quầy", "at the desk"),
            Channel::File => self.in_file(),
            Channel::Census => self.of("điểm danh", "by a census"),
            Channel::Rest | Channel::Batch | Channel::Hl7 | Channel::Fhir => {
                self.of("phần mềm kết nối", "by connected software")
            }
        }
    }

    /// What is called missing at a member that must be there.
    #[must_use]
    pub fn of_missing(self, pointer: &str) -> Option<&'static str> {
        Some(match pointer {
            "/room" | "/bed" => self.enter_room(),
            "/expected_departure_at" => self.enter_departure(),
            "/reference" => self.enter_reference(),
            "/guest/full_name" => self.enter_name(),
            "/guest/birth_date" => self.enter_birth_date(),
            "/guest/sex" => self.choose_sex(),
            "/guest/nationality" => self.choose_nationality(),
            "/guest/document" | "/guest/document/kind" => self.choose_kind(),
            "/guest/document/number" => self.enter_number(),
            "/guest/no_document_reason" => self.choose_reason(),
            "/guest/permitted_stay_until" => self.enter_permission(),
            _ => return None,
        })
    }

    /// What a member of a stay is called.
    #[must_use]
    pub fn of_member(self, pointer: &str) -> &'static str {
        match pointer {
            "/room" => self.room(),
            "/bed" => self.bed(),
            "/arrival_at" => self.arrival(),
            "/expected_departure_at" => self.expected_departure(),
            "/departed_at" => self.departed_at(),
            "/purpose" | "/purpose_text" => self.purpose(),
            "/reference" => self.reference(),
            "/guest/full_name" => self.full_name(),
            "/guest/birth_date" => self.birth_date(),
            "/guest/sex" => self.sex(),
            "/guest/nationality" => self.nationality(),
            "/guest/phone" => self.phone(),
            "/guest/permitted_stay_until" => self.permitted_until(),
            "/guest/entered_on" => self.entered_on(),
            "/guest/no_document_reason" => self.reason_without_document(),
            "/guest/document/number" => self.document_number(),
            "/guest/document/kind" | "/guest/document" => self.document_kind(),
            other if other.starts_with("/guest/guardian") => self.guardian(),
            other if other.starts_with("/guest/visa") => self.visa_number(),
            other if other.starts_with("/guest/residence") => self.address(),
            _ => self.declared_content(),
        }
    }

    /// What a code means at a member, for people who fill in a form: what is missing is named, and
    /// texts for programs are put in the words of the desk.
    #[must_use]
    pub fn of_fault(self, pointer: &str, code: Code) -> Option<&'static str> {
        let is_one_of = |codes: &[Code]| codes.contains(&code);
        if is_one_of(&[Code::Required, Code::UnknownCode]) {
            self.of_missing(pointer)
        } else if is_one_of(&[Code::InvalidInstant, Code::InvalidDate]) {
            Some(self.unreadable_day())
        } else if code == Code::DepartureBeforeArrival {
            Some(self.departure_after_arrival())
        } else {
            None
        }
    }
}
