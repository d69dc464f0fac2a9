"""What synthetic titles and names are made of: common words of song titles in many languages, and syllables."""

WORDS: dict[str, str] = {
    "en": "love night heart time dance fire blue dream rain home road light baby world girl summer river moon star "
    "gold wild little lost broken sweet crazy forever tonight morning sunday city angel devil highway ocean shadow "
    "memory dancing running falling waiting calling crying burning breathe believe remember never always somebody "
    "without beautiful lonely stranger paradise midnight thunder winter honey mama soldier freedom silence money",
    "es": "amor noche corazón vida cielo mujer sol luna camino tierra sueño beso lágrimas fuego canción guitarra "
    "mañana siempre nunca loco triste dulce mentira recuerdo adiós querida flores caliente bailando contigo",
    "pt": "saudade coração amor noite samba mar menina canção sonho lua tristeza felicidade você amanhã estrela "
    "caminho beijo solidão paixão cidade chuva verão jardim violão",
    "fr": "amour nuit cœur chanson vie ciel soleil rêve étoile rue femme enfant pluie jamais toujours demain belle "
    "folie adieu lumière été mélancolie château premier dernière",
    "de": "liebe nacht herz lied leben himmel sonne traum stern straße mädchen kind regen niemals immer morgen schön "
    "licht sommer sehnsucht freiheit für über größe tränen",
    "it": "amore notte cuore canzone vita cielo sole sogno stella strada donna pioggia mai sempre domani bella luce "
    "estate libertà perché città felicità",
    "nl": "liefde nacht hart lied leven hemel zon droom ster straat meisje kind regen nooit altijd morgen mooi licht",
    "sv": "kärlek natt hjärta sång liv himmel sol dröm stjärna väg flicka barn regn aldrig alltid imorgon vacker ljus",
    "pl": "miłość noc serce piosenka życie niebo słońce marzenie gwiazda droga dziewczyna deszcz nigdy zawsze jutro",
    "tr": "aşk gece kalp şarkı hayat gökyüzü güneş rüya yıldız yol kız yağmur asla daima yarın güzel ışık sevgili",
    "fi": "rakkaus yö sydän laulu elämä taivas aurinko uni tähti tie tyttö lapsi sade ikuisesti huomenna kaunis valo",
    "hu": "szerelem éjszaka szív dal élet ég nap álom csillag út lány gyermek eső soha mindig holnap szép fény",
    "vi": "tình yêu đêm trái tim bài hát cuộc đời bầu trời mặt trời giấc mơ ngôi sao con đường cô gái mưa ngày mai",
    "id": "cinta malam hati lagu hidup langit matahari mimpi bintang jalan gadis hujan selalu besok cahaya rindu",
    "ru": "любовь ночь сердце песня жизнь небо солнце мечта звезда дорога девушка дождь никогда всегда завтра белая "
    "группа зима война весна чёрный ветер город",
    "el": "αγάπη νύχτα καρδιά τραγούδι ζωή ουρανός ήλιος όνειρο αστέρι δρόμος κορίτσι βροχή πάντα αύριο φως",
    "ja": "愛 夜 心 歌 人生 空 太陽 夢 星 道 少女 雨 永遠 明日 光 ありがとう さくら ガール メロディー サマー "
    "ゲーム 東京",
    "ko": "사랑 밤 마음 노래 인생 하늘 태양 꿈 별 길 소녀 비 영원 내일 빛 그대 봄날 바람",
    "zh": "愛情 夜晚 心 歌曲 人生 天空 太陽 夢想 星星 道路 女孩 雨天 永遠 明天 光 朋友 海洋 月亮",
    "th": "ความรัก กลางคืน หัวใจ เพลง ชีวิต ท้องฟ้า ดวงอาทิตย์ ความฝัน ดาว ถนน ฝน พรุ่งนี้",
    "ar": "حب ليل قلب أغنية حياة سماء شمس حلم نجمة طريق بنت مطر أبدا غدا نور حبيبي",
    "he": "אהבה לילה לב שיר חיים שמיים שמש חלום כוכב דרך ילדה גשם תמיד מחר אור",
    "hi": "प्यार रात दिल गीत जीवन आसमान सूरज सपना तारा राह लड़की बारिश हमेशा कल रोशनी",
}

SHARES: dict[str, int] = {
    "en": 52, "es": 11, "pt": 5, "fr": 4, "de": 4, "it": 3, "ru": 3, "ja": 3, "ko": 2, "zh": 2, "id": 2, "tr": 1,
    "nl": 1, "sv": 1, "pl": 1, "fi": 1, "hu": 1, "vi": 1, "el": 1, "th": 1, "ar": 1, "he": 1, "hi": 1,
}  # fmt: skip
"""How many of about a hundred titles are in each language: assumed, after the names in datasets' samples."""

_SYLLABLES = """
ba be bi bo bra bru ca ce chi co cra da de di do dra dri fa fe fi flo fra ga ge gi go gra ha he hi ho ja je jo
ka ke ki ko kra la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po pra qua ra re ri ro ru sa se shi so sta
ta te ti to tra va ve vi vo wa we wi xa ya yo za ze zi zo
"""
SYLLABLES = _SYLLABLES.split()

BAND_SHAPES = ("{} {}", "The {}s", "{}", "DJ {}", "{} & {}", "{} {} Band", "Los {}s", "{}’s {}", "{}-{}", "{} {} Trio")

SUFFIXES = ("", "", "", "", "", "", " (Live)", " - Remastered 2011", " (Acoustic)", " (Remix)", " - Radio Edit")
