"""Words that are names as well. Alone, and two of them in lower case, they are taken for words.

They are those that a customer writes of a shop, its goods and its service, and the colours, days,
months and virtues that people are called after; not the trades (baker, fischer), which in such a
text are people. Lower case, accents and umlauts as `names.forms` writes them first.
"""

# Between the parts of a name, or before it; never a part.
SMALL = """
    al bin bint da das de del della den der des di do dos du el ibn la le los of san st ten ter the
    und van vom von y zu zum zur
    mr mrs ms miss mx dr prof sir madam jr sr herr frau monsieur madame mme mlle senor senora don
    dona gmbh ag ltd llc inc co kg sa sl sarl
"""
SMALL_WORDS = frozenset(SMALL.split())

ENGLISH = """
    able amber angel april ash august autumn ball banks basil bass bay bean bell berry best bill
    bird black blue bloom bond book booth bow bowl box brand bridge bright broad brown buck bull
    bush card case cash castle chance charity chase cherry christian christmas church clay clear
    close coal cook corn cotton court cross crystal curry daisy dale dawn day days dear dollar drew
    early east easter english eve ever faith fast field fine flint flower flowers forest fox free
    french friday friend frost garden gay gift gold golden good grace grand grant grave gray great
    green grey guest hall hand hardy harmony harvest haven hazel head heart heath heaven heavy herb
    hill holiday holly home honey hood hook hope house hunt ice iris island ivory ivy jade jasmine
    jean jolly joy judge june junior just justice key keys kind king kitchen lake lamb land lane
    last law lawn leaf less light lily link lion little lock long lord lot love lovely low luck
    lucky major march mark mason mat matte may mercy merit merry mild mint monday moody moon more
    moss never new nice nick noble norm north oak olive opal orange order page park patience peace
    peach pearl penny people pepper plum pond poppy price pride prince prior promise prudence queen
    quick quiet rail rain ray read ready reed rich ring river robin rock rod rose rosemary round
    royal ruby rush sage sale salt sand sandy saturday savage scarlet school sea senior service
    shade sharp shell ship shop short silver simple sky small smart snow song speed spring star
    start steel still stone storm story street strong such sue summer sunday sunny supply sweet
    swift teal tender thorn thursday tiger todd tuesday van victory viola violet wall ward warden
    water waters way wednesday weeks welcome well wells west white wild will win winter wise wolf
    wood work world worth yes young
"""
SHOP = """
    account admin anonymous buyer client company customer delivery email employee info mail manager
    member name nobody none null office owner person phone private sales seller staff store support
    team test tester unknown user
    kunde kundin gast firma unbekannt benutzer inconnu cliente usuario prueba
"""
GERMAN = """
    abend anders arm auch bald bar baum bester bier blau blum blume boden braun breit brief brot
    bruder brunnen bunt burg ehrlich eltern ende ernst erst fass fest feuer fisch flach frei
    freitag freude freund frisch froh frohlich garten gern glas glatt gold grau gross grun gut halb
    hart haus heiss herbst herz himmel hoch hof holz hund immer jung junge kalt karte kasten keller
    kern kinder klar klein klug korb korn kraft krank kranz kreis kreuz krieg krug kunst kurz land
    lang lange laub leicht lieb liebe lied lohn lustig mai mann markt mond montag morgen mude
    mutter nacht nagel neu nichts not ofen ost paar post preis punkt rad rand rasch raum recht
    reich rein reis ring rock rosen rost rot ruhe sack salz samstag sand sauer schatz schlag
    schloss schon schuh schuler schutz schwarz schwester sohn sommer sonne sonntag spitz stark
    stein stern still stolz stumpf sturm tag tasche teich teufel tisch tochter topf trost vater
    voll wald wand warm wasser weich wein weise weiss welt west wetter wild winter wunder wurst
    zart zeit ziel zimmer zorn
"""
ROMANCE = """
    abril agosto amiga amigo amor armas bella blanc blanche blanco bon bonne buena bueno cabeza
    cabo calle camara camino campo carrera casa castillo clair claire claro corte costa cruz diez
    domingo dulce espana espanol esperanza espoir fleur flor flores grand grande gris gros guerra
    hiver iglesia jardin jour julio junio juste leger leon luna lunes luz madrid maison marchand
    marco masse maximo mayo mercedes mesa monte nieves nina nino noel noir nunca paix parent paris
    paz petit pilar plaza prado premier prix puerta real rico rojo rosa rouge sala salud seguro
    sierra sol sola soledad soleil tout vega vert viva voisin
"""
HAN = """
    安康 安静 安全 安心 白天 白雪 白云 常常 成功 成长 程序 大方 丁香 多多 方便 方向 方圆 方正
    丰富 高大 高峰 高级 高明 高速 高兴 公道 关心 光明 海洋 和平 和谐 红包 红花 华丽 黄河 黄金
    江湖 江山 解决 金额 金牌 金山 金星 经常 经典 康健 乐观 乐意 雷雨 力量 连续 林立 马力 马上
    满意 明白 明亮 明天 平安 平常 平静 强大 秋天 全新 任何 任意 容易 石头 时光 时间 时尚 水平
    温和 温暖 文静 文明 夏天 向来 向前 项目 小心 新鲜 阳光 杨柳 叶子 英明 应该 永远 于是 余额
    元旦 云朵 张力 章程 正好 支持 周到 周末 周全 祝福
"""
COMMON_WORDS = frozenset(" ".join((ENGLISH, SHOP, GERMAN, ROMANCE, HAN)).split())
