/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/load/classes.h"

#include <string.h>

#include "base/banned.h"

enum { MASK = 1 << T2V_MASK, ALL = (1 << T2V_N_SPECIAL) - 1 };

/* clang-format off */
#define FAIRSEQ \
    "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT " \
    "lv_LV my_MM ne_NP nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN "
#define FAIRSEQ_50 \
    "af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF " \
    "pt_XX sv_SE sw_KE ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI "

static const char nllb_codes[] =
    "ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn amh_Ethi apc_Arab "
    "arb_Arab ars_Arab ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn "
    "bak_Cyrl bam_Latn ban_Latn bel_Cyrl bem_Latn ben_Beng bho_Deva bjn_Arab bjn_Latn bod_Tibt "
    "bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn ckb_Arab crh_Latn cym_Latn "
    "dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn "
    "ewe_Latn fao_Latn pes_Arab fij_Latn fin_Latn fon_Latn fra_Latn fur_Latn fuv_Latn gla_Latn "
    "gle_Latn glg_Latn grn_Latn guj_Gujr hat_Latn hau_Latn heb_Hebr hin_Deva hne_Deva hrv_Latn "
    "hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn jav_Latn jpn_Jpan kab_Latn "
    "kac_Latn kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor knc_Arab knc_Latn kaz_Cyrl kbp_Latn "
    "kea_Latn khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kon_Latn kor_Hang kmr_Latn lao_Laoo "
    "lvs_Latn lij_Latn lim_Latn lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn "
    "luo_Latn lus_Latn mag_Deva mai_Deva mal_Mlym mar_Deva min_Latn mkd_Cyrl plt_Latn mlt_Latn "
    "mni_Beng khk_Cyrl mos_Latn mri_Latn zsm_Latn mya_Mymr nld_Latn nno_Latn nob_Latn npi_Deva "
    "nso_Latn nus_Latn nya_Latn oci_Latn gaz_Latn ory_Orya pag_Latn pan_Guru pap_Latn pol_Latn "
    "por_Latn prs_Arab pbt_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Beng "
    "scn_Latn shn_Mymr sin_Sinh slk_Latn slv_Latn smo_Latn sna_Latn snd_Arab som_Latn sot_Latn "
    "spa_Latn als_Latn srd_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn swh_Latn szl_Latn tam_Taml "
    "tat_Cyrl tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi taq_Latn taq_Tfng tpi_Latn tsn_Latn "
    "tso_Latn tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl umb_Latn urd_Arab "
    "uzn_Latn vec_Latn vie_Latn war_Latn wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zho_Hans "
    "zho_Hant zul_Latn ";

#define S_BERT {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}
#define S_DEBERTA {"[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}
#define S_ALBERT {"[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"}
#define S_ROBERTA {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}
#define S_XLNET {"<s>", "</s>", "<unk>", "<sep>", "<pad>", "<cls>", "<mask>"}
#define S_GPT2 {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL}
#define S_LLAMA {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}
#define S_T5 {NULL, "</s>", "<unk>", NULL, "<pad>", NULL, NULL}
#define STRIPS .flagged = MASK, .mask_strips = true
#define STRIPS_NORMALIZED STRIPS, .mask_normalized = true
#define IGNORED .ignored = true

/* The first row of a kind is the one that messages name. */
static const struct t2v_class_info classes[] = {
    {"Bert", "bert align bark blip bros chinese_clip ernie git grounding-dino megatron-bert "
     "mm-grounding-dino nezha qdqbert tvp vilt visual_bert ", T2V_CLASS_BERT, .special = S_BERT},
    {"ConvBert", "convbert ", T2V_CLASS_BERT, .special = S_BERT},
    {"DPRContextEncoder", "", T2V_CLASS_BERT, .special = S_BERT},
    {"DPRQuestionEncoder", "dpr ", T2V_CLASS_BERT, .special = S_BERT},
    {"DPRReader", "", T2V_CLASS_BERT, .special = S_BERT},
    {"DistilBert", "distilbert ", T2V_CLASS_BERT, .special = S_BERT},
    {"Electra", "electra ", T2V_CLASS_BERT, .special = S_BERT},
    {"LayoutLM", "layoutlm ", T2V_CLASS_BERT, .special = S_BERT},
    {"Lxmert", "lxmert ", T2V_CLASS_BERT, .special = S_BERT},
    {"MobileBert", "mobilebert ", T2V_CLASS_BERT, .special = S_BERT},
    {"Realm", "realm ", T2V_CLASS_BERT, .special = S_BERT},
    {"RetriBert", "retribert ", T2V_CLASS_BERT, .special = S_BERT},
    {"SqueezeBert", "squeezebert ", T2V_CLASS_BERT, .special = S_BERT},
    {"Funnel", "funnel ", T2V_CLASS_BERT, .special = S_XLNET, IGNORED},
    {"MPNet", "mpnet ", T2V_CLASS_MPNET,
     .special = {"<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>"}, .flagged = ALL,
     .mask_strips = true},
    {"GPT2", "gpt2 blip-2 dbrx emu3 exaone4 gpt_bigcode gpt_neo gptj instructblip "
     "instructblipvideo minimax opt starcoder2 ", T2V_CLASS_GPT2, .special = S_GPT2},
    {"Roberta", "roberta bridgetower clap data2vec-text ibert mega mra roberta-prelayernorm ",
     T2V_CLASS_ROBERTA, .special = S_ROBERTA, STRIPS},
    {"T5", "t5 longt5 musicgen musicgen_melody pix2struct switch_transformers umt5 ",
     T2V_CLASS_T5, .special = S_T5},
    {"MT5", "mt5 ", T2V_CLASS_T5, .special = S_T5},
    {"XLMRoberta", "xlm-roberta kosmos-2 metaclip_2 xlm-roberta-xl xmod ", T2V_CLASS_XLMR,
     .special = S_ROBERTA, STRIPS},
    {"Albert", "albert nystromformer yoso ", T2V_CLASS_PLAIN, .special = S_ALBERT, STRIPS, IGNORED},
    {"Bart", "bart ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS_NORMALIZED, IGNORED},
    {"Barthez", "barthez ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS, IGNORED},
    {"BigBird", "big_bird ", T2V_CLASS_PLAIN,
     .special = {"<s>", "</s>", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"}, .flagged = ALL,
     .mask_strips = true, IGNORED},
    {"Blenderbot", "blenderbot ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS, IGNORED},
    {"BlenderbotSmall", "", T2V_CLASS_PLAIN, .special = S_GPT2, IGNORED},
    {"Bloom", "bloom ", T2V_CLASS_PLAIN, .special = {"<s>", "</s>", "<unk>", NULL, "<pad>", NULL, NULL},
     IGNORED},
    {"Camembert", "camembert ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS,
     .more = "<s>NOTUSED </s>NOTUSED <unk>NOTUSED ", IGNORED},
    {"CodeGen", "codegen phi ", T2V_CLASS_PLAIN, .special = S_GPT2, IGNORED},
    {"CodeLlama", "", T2V_CLASS_PLAIN, .special = S_LLAMA, .ends = T2V_ENDS_BOS,
     .more = "▁<PRE> ▁<MID> ▁<SUF> ▁<EOT> ", .more_always = true, IGNORED},
    {"Cohere", "cohere aya_vision cohere2 ", T2V_CLASS_PLAIN,
     .special = {"<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>", "<UNK>", NULL, NULL, NULL, NULL},
     .ends = T2V_ENDS_BOS, IGNORED},
    {"Deberta", "deberta ", T2V_CLASS_PLAIN, .special = S_DEBERTA, IGNORED},
    {"DebertaV2", "deberta-v2 ", T2V_CLASS_PLAIN, .special = S_DEBERTA, IGNORED},
    {"FNet", "fnet ", T2V_CLASS_PLAIN,
     .special = {NULL, NULL, "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"},
     .flagged = MASK | 1 << T2V_SEP | 1 << T2V_CLS, .mask_strips = true, IGNORED},
    {"GPTNeoX", "gpt_neox falcon_mamba mamba mamba2 mpt olmo olmo2 olmoe rwkv stablelm xlstm ",
     T2V_CLASS_PLAIN, .special = S_GPT2, .ends = T2V_ENDS_NONE, IGNORED},
    {"Gemma", "gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 "
     "siglip2 t5gemma ", T2V_CLASS_PLAIN,
     .special = {"<bos>", "<eos>", "<unk>", NULL, "<pad>", NULL, NULL}, .ends = T2V_ENDS_BOS, IGNORED},
    {"Herbert", "herbert ", T2V_CLASS_PLAIN,
     .special = {NULL, NULL, "<unk>", "</s>", "<pad>", "<s>", "<mask>"}, IGNORED},
    {"LED", "led ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS_NORMALIZED, IGNORED},
    {"Llama", "llama code_llama arcee aria chameleon colpali deepseek_v2 deepseek_v3 deepseek_vl "
     "deepseek_vl_hybrid diffllama ernie4_5 ernie4_5_moe idefics idefics2 idefics3 jamba janus "
     "jetmoe llama4 llama4_text llava llava_next llava_next_video llava_onevision mistral mixtral "
     "mllama paligemma persimmon phi3 phimoe video_llava vipllava voxtral zamba zamba2 ",
     T2V_CLASS_PLAIN, .special = S_LLAMA, .ends = T2V_ENDS_BOS, IGNORED},
    {"Longformer", "longformer ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS, IGNORED},
    {"MBart", "mbart ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS, .ends = T2V_ENDS_LANG_LAST,
     .lang = "en_XX", .more = FAIRSEQ, .more_always = true, IGNORED},
    {"MBart50", "mbart50 ", T2V_CLASS_PLAIN,
     .special = {NULL, "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}, STRIPS,
     .ends = T2V_ENDS_LANG_FIRST, .lang = "en_XX", .more = FAIRSEQ FAIRSEQ_50,
     .more_always = true, IGNORED},
    {"Mvp", "mvp ", T2V_CLASS_PLAIN, .special = S_ROBERTA, .flagged = ALL, .mask_strips = true, IGNORED},
    {"Nllb", "nllb nllb-moe ", T2V_CLASS_PLAIN, .special = S_ROBERTA, STRIPS_NORMALIZED,
     .ends = T2V_ENDS_LANG_FIRST, .lang = "eng_Latn", .more = nllb_codes, IGNORED},
    {"OpenAIGPT", "openai-gpt ", T2V_CLASS_PLAIN, .special = {NULL, NULL, "<unk>", NULL, NULL, NULL, NULL},
     IGNORED},
    {"Qwen2", "qwen2 colqwen2 internvl qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl "
     "qwen3 qwen3_moe ", T2V_CLASS_PLAIN,
     .special = {NULL, "<|endoftext|>", "<|endoftext|>", NULL, "<|endoftext|>", NULL, NULL},
     .flagged = 1 << T2V_BOS | 1 << T2V_EOS | 1 << T2V_UNK | 1 << T2V_PAD, IGNORED},
    {"Reformer", "reformer ", T2V_CLASS_PLAIN, .special = {NULL, "</s>", "<unk>", NULL, NULL, NULL, NULL},
     IGNORED},
    {"RemBert", "rembert ", T2V_CLASS_PLAIN, .special = S_ALBERT, STRIPS, IGNORED},
    {"XLNet", "xlnet ", T2V_CLASS_PLAIN, .special = S_XLNET, STRIPS, .more = "<eop> <eod> ", IGNORED},
    {"Cpm", "cpm ", T2V_CLASS_PLAIN, .special = S_XLNET, STRIPS, .more = "<eop> <eod> ", IGNORED},
};
/* clang-format on */

static const size_t n_class = sizeof classes / sizeof *classes;

bool t2v_class_next(const char **list, struct t2v_str *word)
{
    const char *space = *list != NULL ? strchr(*list, ' ') : NULL;
    if (space == NULL)
        return false;
    *word = (struct t2v_str){*list, (size_t)(space - *list)};
    *list = space + 1;
    return true;
}

const struct t2v_class_info *t2v_class_by_name(struct t2v_str name)
{
    static const struct t2v_str suffixes[] = {{"Fast", 4}, {"Tokenizer", 9}};
    for (size_t i = 0; i < 2; i++)
        name.len -= t2v_str_ends(name, suffixes[i]) ? suffixes[i].len : 0;
    for (size_t i = 0; i < n_class; i++) {
        if (t2v_str_is(name, classes[i].name))
            return &classes[i];
    }
    return NULL;
}

const struct t2v_class_info *t2v_class_by_type(struct t2v_str model_type)
{
    for (size_t i = 0; i < n_class; i++) {
        const char *types = classes[i].types;
        struct t2v_str type;
        while (t2v_class_next(&types, &type)) {
            if (t2v_str_eq(type, model_type))
                return &classes[i];
        }
    }
    return NULL;
}
