//! Why a guest stays ("reason" of Law on Residence 68/2020/QH14, art. 30(2)).

coded! {
    /// The twenty purposes of the Ministry's declaration form, plus the carer of a patient.
    pub enum Purpose {
        /// Du lịch.
        Tourism => "tourism",
        /// Công tác.
        Business => "business",
        /// Học tập.
        Study => "study",
        /// Thăm viếng.
        Visit => "visit",
        /// Hội nghị.
        Conference => "conference",
        /// Thăm thân.
        FamilyVisit => "family_visit",
        /// Từ thiện.
        Charity => "charity",
        /// Tổ chức quốc tế.
        InternationalOrganisation => "international_organisation",
        /// Kết hôn.
        Marriage => "marriage",
        /// Lãnh sự quán.
        Consular => "consular",
        /// Viện trợ.
        Aid => "aid",
        /// Đại sứ quán.
        Embassy => "embassy",
        /// Định cư.
        Settlement => "settlement",
        /// Tiếp thị.
        Marketing => "marketing",
        /// Báo chí, phóng viên.
        Press => "press",
        /// Thương mại.
        Trade => "trade",
        /// Gia hạn thị thực.
        VisaExtension => "visa_extension",
        /// Chữa bệnh.
        MedicalTreatment => "medical_treatment",
        /// Lao động.
        Work => "work",
        /// Mục đích khác; `purpose_text` says which.
        Other => "other",
        /// Chăm sóc người bệnh.
        PatientCarer => "patient_carer",
    }
}
