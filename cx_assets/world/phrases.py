"""What people write, by language, topic and mood. Data only."""

from enum import IntEnum


class Topic(IntEnum):
    """What a text is about; the first three are also causes of unhappiness on record."""

    LATE_DELIVERY = 0
    DEFECT = 1
    SLOW_SUPPORT = 2
    PRICE = 3
    GENERAL = 4
    QUESTION = 5


class Mood(IntEnum):
    BAD = 0
    MIDDLING = 1
    GOOD = 2


Moods = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

_EN_MIDDLING = ("It was all right, nothing special.", "Okay overall.", "Average experience.")
_ZH_MIDDLING = ("还可以,没什么特别的。", "一般般。", "总体还行。")
_DE_MIDDLING = ("Ganz in Ordnung, nichts Besonderes.", "Geht so.", "Durchschnittlich.")
_ES_MIDDLING = ("Normal, nada especial.", "Está bien, sin más.", "Regular.")
_FR_MIDDLING = ("Correct, sans plus.", "Ça va, rien de spécial.", "Moyen.")
_EN_QUESTION = (
    "Could you tell me how to change my delivery address?",
    "How do I use the points on my account?",
    "Is this item available in another colour?",
)
_ZH_QUESTION = ("请问怎么修改收货地址?", "我的积分怎么使用?", "这款商品还有别的颜色吗?")
_DE_QUESTION = (
    "Wie kann ich meine Lieferadresse ändern?",
    "Wie löse ich meine Punkte ein?",
    "Gibt es den Artikel auch in einer anderen Farbe?",
)
_ES_QUESTION = (
    "¿Cómo puedo cambiar mi dirección de entrega?",
    "¿Cómo uso los puntos de mi cuenta?",
    "¿Hay este artículo en otro color?",
)
_FR_QUESTION = (
    "Comment modifier mon adresse de livraison ?",
    "Comment utiliser les points de mon compte ?",
    "Cet article existe-t-il dans une autre couleur ?",
)

PHRASES: dict[str, dict[Topic, Moods]] = {
    "en": {
        Topic.LATE_DELIVERY: (
            (
                "The parcel came days late and nobody told me.",
                "Delivery took far too long.",
                "Still waiting for my order, the promised date has passed.",
            ),
            ("Delivery was a little slow.", *_EN_MIDDLING),
            ("Fast delivery, arrived before the promised day.", "The parcel was here in no time."),
        ),
        Topic.DEFECT: (
            (
                "The item was broken when I opened the box.",
                "It stopped working after two days, very poor quality.",
                "Received a defective product and had to send it back.",
            ),
            ("Quality is so-so.", *_EN_MIDDLING),
            ("Excellent quality, works perfectly.", "Very well made product."),
        ),
        Topic.SLOW_SUPPORT: (
            (
                "Customer service took days to answer.",
                "I had to ask support three times before anyone replied.",
                "Nobody answers my messages, support is hopeless.",
            ),
            ("Support answered in the end.", *_EN_MIDDLING),
            ("Support solved my problem within minutes.", "Very helpful and friendly service."),
        ),
        Topic.PRICE: (
            (
                "Far too expensive for what you get.",
                "I found the same thing cheaper elsewhere.",
                "Prices went up again and the shipping fee is a joke.",
            ),
            ("A bit pricey.", *_EN_MIDDLING),
            ("Great value for money.", "Good prices and nice discounts."),
        ),
        Topic.GENERAL: (
            ("Very disappointed.", "I will not order here again.", "Not what I expected at all."),
            _EN_MIDDLING,
            ("Very happy, I will come back.", "Great shop, thank you!", "Everything was perfect."),
        ),
        Topic.QUESTION: (_EN_QUESTION, _EN_QUESTION, _EN_QUESTION),
    },
    "zh": {
        Topic.LATE_DELIVERY: (
            ("包裹晚到了好几天,没有任何通知。", "物流太慢了。", "还没收到货,已经过了承诺的日期。"),
            ("送货有点慢。", *_ZH_MIDDLING),
            ("发货很快,提前就到了。", "物流速度非常快。"),
        ),
        Topic.DEFECT: (
            ("打开箱子就发现东西坏了。", "用了两天就坏了,质量很差。", "收到的是次品,只好退货。"),
            ("质量一般。", *_ZH_MIDDLING),
            ("质量很好,用着很满意。", "做工非常精致。"),
        ),
        Topic.SLOW_SUPPORT: (
            ("客服好几天才回复。", "问了三次客服才有人理我。", "客服一直不回消息,太失望了。"),
            ("客服最后还是回复了。", *_ZH_MIDDLING),
            ("客服几分钟就解决了问题。", "客服态度很好,很有帮助。"),
        ),
        Topic.PRICE: (
            ("太贵了,不值这个价。", "别的店更便宜。", "又涨价了,运费也太高。"),
            ("价格有点高。", *_ZH_MIDDLING),
            ("性价比很高。", "价格实惠,优惠也多。"),
        ),
        Topic.GENERAL: (
            ("非常失望。", "不会再来买了。", "和期望的完全不一样。"),
            _ZH_MIDDLING,
            ("非常满意,下次还会再来。", "很棒的店,谢谢!", "一切都很完美。"),
        ),
        Topic.QUESTION: (_ZH_QUESTION, _ZH_QUESTION, _ZH_QUESTION),
    },
    "de": {
        Topic.LATE_DELIVERY: (
            (
                "Das Paket kam Tage zu spät, ohne jede Nachricht.",
                "Die Lieferung hat viel zu lange gedauert.",
                "Ich warte noch immer, der zugesagte Termin ist vorbei.",
            ),
            ("Die Lieferung war etwas langsam.", *_DE_MIDDLING),
            ("Schnelle Lieferung, früher als versprochen.", "Das Paket war sofort da."),
        ),
        Topic.DEFECT: (
            (
                "Der Artikel war beim Auspacken kaputt.",
                "Nach zwei Tagen defekt, sehr schlechte Qualität.",
                "Defekte Ware erhalten und zurückgeschickt.",
            ),
            ("Die Qualität ist mittelmäßig.", *_DE_MIDDLING),
            ("Hervorragende Qualität.", "Sehr gut verarbeitet, funktioniert einwandfrei."),
        ),
        Topic.SLOW_SUPPORT: (
            (
                "Der Kundendienst hat tagelang nicht geantwortet.",
                "Ich musste dreimal nachfragen, bis jemand reagierte.",
                "Niemand antwortet auf meine Nachrichten.",
            ),
            ("Der Kundendienst hat am Ende geantwortet.", *_DE_MIDDLING),
            ("Der Kundendienst hat sofort geholfen.", "Sehr freundlicher Service."),
        ),
        Topic.PRICE: (
            (
                "Viel zu teuer für das, was man bekommt.",
                "Woanders gibt es das günstiger.",
                "Schon wieder teurer, und die Versandkosten sind ein Witz.",
            ),
            ("Etwas teuer.", *_DE_MIDDLING),
            ("Sehr gutes Preis-Leistungs-Verhältnis.", "Gute Preise und schöne Rabatte."),
        ),
        Topic.GENERAL: (
            ("Sehr enttäuscht.", "Hier bestelle ich nicht wieder.", "Gar nicht wie erwartet."),
            _DE_MIDDLING,
            ("Sehr zufrieden, gerne wieder.", "Toller Laden, danke!", "Alles bestens."),
        ),
        Topic.QUESTION: (_DE_QUESTION, _DE_QUESTION, _DE_QUESTION),
    },
    "es": {
        Topic.LATE_DELIVERY: (
            (
                "El paquete llegó con días de retraso y sin avisar.",
                "La entrega tardó demasiado.",
                "Sigo esperando mi pedido, ya pasó la fecha prometida.",
            ),
            ("La entrega fue un poco lenta.", *_ES_MIDDLING),
            ("Entrega rápida, llegó antes de lo previsto.", "El paquete llegó enseguida."),
        ),
        Topic.DEFECT: (
            (
                "El artículo llegó roto.",
                "Dejó de funcionar a los dos días, muy mala calidad.",
                "Recibí un producto defectuoso y tuve que devolverlo.",
            ),
            ("La calidad es regular.", *_ES_MIDDLING),
            ("Excelente calidad.", "Muy bien hecho, funciona perfectamente."),
        ),
        Topic.SLOW_SUPPORT: (
            (
                "El servicio de atención tardó días en contestar.",
                "Tuve que preguntar tres veces hasta que alguien respondió.",
                "Nadie contesta mis mensajes.",
            ),
            ("Al final contestaron.", *_ES_MIDDLING),
            ("Resolvieron mi problema en minutos.", "Un servicio muy amable."),
        ),
        Topic.PRICE: (
            (
                "Demasiado caro para lo que es.",
                "Lo encontré más barato en otro sitio.",
                "Otra vez subieron los precios.",
            ),
            ("Un poco caro.", *_ES_MIDDLING),
            ("Muy buena relación calidad-precio.", "Buenos precios y descuentos."),
        ),
        Topic.GENERAL: (
            ("Muy decepcionado.", "No volveré a comprar aquí.", "No es lo que esperaba."),
            _ES_MIDDLING,
            ("Muy contento, volveré.", "Gran tienda, ¡gracias!", "Todo perfecto."),
        ),
        Topic.QUESTION: (_ES_QUESTION, _ES_QUESTION, _ES_QUESTION),
    },
    "fr": {
        Topic.LATE_DELIVERY: (
            (
                "Le colis est arrivé avec plusieurs jours de retard.",
                "La livraison a été beaucoup trop longue.",
                "J'attends toujours ma commande, la date promise est passée.",
            ),
            ("Livraison un peu lente.", *_FR_MIDDLING),
            ("Livraison rapide, en avance sur la date prévue.", "Colis reçu très vite."),
        ),
        Topic.DEFECT: (
            (
                "L'article était cassé à l'ouverture.",
                "En panne après deux jours, très mauvaise qualité.",
                "Produit défectueux, j'ai dû le renvoyer.",
            ),
            ("Qualité moyenne.", *_FR_MIDDLING),
            ("Excellente qualité.", "Très bien fini, fonctionne parfaitement."),
        ),
        Topic.SLOW_SUPPORT: (
            (
                "Le service client a mis des jours à répondre.",
                "J'ai dû relancer trois fois avant une réponse.",
                "Personne ne répond à mes messages.",
            ),
            ("Le service client a fini par répondre.", *_FR_MIDDLING),
            ("Problème résolu en quelques minutes.", "Service très aimable."),
        ),
        Topic.PRICE: (
            (
                "Beaucoup trop cher pour ce que c'est.",
                "Moins cher ailleurs.",
                "Les prix ont encore augmenté.",
            ),
            ("Un peu cher.", *_FR_MIDDLING),
            ("Très bon rapport qualité-prix.", "Bons prix et belles remises."),
        ),
        Topic.GENERAL: (
            ("Très déçu.", "Je ne commanderai plus ici.", "Pas du tout ce que j'attendais."),
            _FR_MIDDLING,
            ("Très satisfait, je reviendrai.", "Super boutique, merci !", "Tout était parfait."),
        ),
        Topic.QUESTION: (_FR_QUESTION, _FR_QUESTION, _FR_QUESTION),
    },
}

# Text before the e-mail address, between it and the phone number, and after it.
CONTACTS: dict[str, tuple[str, str, str]] = {
    "en": (" Please write to ", " or call ", "."),
    "zh": (" 请联系 ", " 或致电 ", " 。"),
    "de": (" Bitte schreiben Sie an ", " oder rufen Sie an: ", "."),
    "es": (" Escríbanme a ", " o llamen al ", "."),
    "fr": (" Merci d'écrire à ", " ou d'appeler le ", "."),
}
