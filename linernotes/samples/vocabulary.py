"""Words that synthetic titles are made of, by language, and names that nobody bears.

The names of `data/laion-disco/artist_names.json` are real values of LAION-DISCO-12M's `artist_names` (Apache-2.0);
the songs that synthetic rows give them are invented.
"""

from collections.abc import Mapping

TITLES: Mapping[str, tuple[str, ...]] = {
    "en": ("Paper Lantern", "Songs for the Ferry", "Walking Past Midnight", "A Song for Nobody", "Featherweight Days"),
    "de": ("Das letzte Lied", "Über den Dächern", "Straßenlaternen", "Kein Schöner Morgen"),
    "fr": ("Une chanson d’hiver", "Le café des étoiles", "Sous les arbres", "Demain peut‐être"),
    "es": ("Mi canción pequeña", "Corazón de papel", "Mañana en el puerto", "Niños del río"),
    "vi": ("Bài hát mùa hè", "Chiều mưa phố cũ", "Tuổi thơ", "Đường về nhà"),
    "ru": ("Моя песня", "Ёлка у моря", "Письма с севера", "Поезд в ночи"),
    "uk": ("Їхня зоря", "Пісня про річку", "Мій вітер"),
    "el": ("Το τραγούδι της θάλασσας", "Μικρή νύχτα", "Ο δρόμος"),
    "ko": ("바다의 노래", "서울의 밤", "우리 다시"),
    "ja": ("夜のうた", "ゲームの終わり", "ｹﾞｰﾑ", "カガミの街"),
    "zh": ("東京夜雨", "海邊的歌", "月光曲", "雨后的城市"),
    "th": ("เพลงของทะเล", "คืนฝนตก", "ทางกลับบ้าน"),
    "km": ("បទចម្រៀងសមុទ្រ", "យប់ភ្លៀង", "ផ្លូវទៅផ្ទះ"),
    "ar": ("أغنية البحر", "ليلة مطر", "طريق البيت"),
    "he": ("שיר הים", "לילה של גשם", "הדרך הביתה"),
    "hi": ("समुद्र का गीत", "बारिश की रात", "घर की राह"),
}  # fmt: skip
"""Invented titles. Spread over languages on purpose: real rows are mostly Latin."""

ARTISTS: tuple[str, ...] = (
    "T!DE & the Moon",
    "Ka$per Vale",
    "N.O.V.A. Radio",
    "LO/FI Harbour",
    "Lumi‐9",
    "Óskar Þórsdóttir Trio",
    "Żółte Światło",
    "Đurđica Čekić",
    "O’Hara’s Ferry",
    "Sorrel + Pine",
    "!?!",
    "тихий порт",
    "Кино и чай",
    "Ακτή",
    "파도소리",
    "夜行列車",
    "ﾅﾐｵﾄ",
    "เสียงคลื่น",
    "صوت الموج",
)
"""Invented names, each with something that makes searching hard."""

SUFFIXES: tuple[str, ...] = (
    "",
    "",
    "",
    "",
    " (Live)",
    " - Remastered 2011",
    " (feat. Sorrel + Pine)",
    " ft. Lumi‐9",
    " (Official Video)",
    " (Acoustic)",
    " [Remix]",
)
"""What titles carry behind them; most carry nothing."""

SHARED: tuple[tuple[str, str, str], ...] = (
    ("AWOL", "Food", "AWOL - A Way Of Life"),
    ("AWOL", "Electric Ave", "AWOL - A Way Of Life"),
    ("Kurt Vile", "Freeway", "Constant Hitmaker"),
    ("Jad Fair", "Last night", "mp3"),
    ("Zach Bryan", "Something in the Orange", "Easy Country"),
    ("Luke Bryan", "Country On", "Country USA"),
)
"""Artist, title and album of real FMA and Spotify rows, so that the sample sets overlap."""

TAGS: tuple[tuple[str, ...], ...] = (
    ("pop",),
    ("rap", "Hip-Hop"),
    ("rock", "Indie Rock"),
    ("rb",),
    ("country",),
    ("Electronic",),
)
