/**
 * Catches strings that can be chosen to share the hash of a column which `topK` reads, which has no secret seed: each
 * must not be looked for behind all those before it.
 */

import { afterEach, expect, test, vi } from 'vitest';
import { everything, text, topK, windowed } from '../../bindings';
import { HashedStrings, hashOf } from '../../bindings/input/strings';

/**
 * The two strings of a pair, put behind one of each pair before, bring both lanes of `hashOf` to the same state. They
 * are found in seconds: take pairs that collide in one lane, until two of their combinations also collide in the other
 * (Joux, "Multicollisions in iterated hash functions", 2004).
 */
const PAIRS = [
  [
    '熔刷基橖舃茊喬乩畑淁猖蕆倸旑肠哼嚭燨捬櫰故浑妴視仕腥殛詗丕唾捬皃堏莓幭薉独暢恨斶熿叢礍喨帻糯椙桺僧揜観畞皕眣',
    '宥嵵蔝橖舃茊憌澡絙淁猖蕆昭槻磸尀桻啙捬櫰故浑妴視仕腥殛詗丕唾叀檘惄莓幭薉榄睕喂斶熿叢媇焩跥糯椙桺僧揜観畞皕眣',
  ],
  [
    '匭墻膸紕睪悧囤岘歞訨璓誫暂另杻暨糚蛃嫖袕觻胪燩苵穫甐槔匬巕舩淮纭峛應殤儰荎俶豌式児埾蚘臼睜澊縆砽歱悭懮晊嗁瘭',
    '匭墻膸紕睪悧縖砭菩訨璓誫膓瓅跐暨糚蛃嫖袕觻胪燩苵嬛役噸畖岼篃淮纭峛應殤儰荎俶豌式児埾罡画嘶澊縆砽侭缦篛沌外苄',
  ],
  [
    '灊嬻礴恓喟虲漳狝蕌温衳揝朏荄瞢桳眲胊嚋蚷壹竬澂畤繾獍趣粍艧蠾虏浭檁们媈猩烧捀俄怜矺侫換腴磽礷屛粇礷謯粤芔俣何',
    '灊嬻礴恓喟虲撦茿苵温衳揝朏荄瞢桳眲胊嚋蚷壹倭詚垠墍觪羔皘敆訵虏浭檁们媈猩搳瀀懛怜矺侫百宇焊礷屛粇礷謯粤珄厑偹',
  ],
  [
    '曔瞖圤冒債攕胆媡礁绵塍磑璶篹嚴訰摏涳狚岶囵澪蚄莽予垸洪緀煲訁幃洁渔趔燺檢興疘聾漖塋哑姨恺耼斺娏織筁庥偘澟芇婖',
    '曔瞖圤呈俣豃胆媡礁绵塍磑筳蓃窙訰摏涳甂孾眯娛緫豽予垸洪寙堲戚幃洁渔趔燺檢興疘聾趶儠尹姨恺耼斺娏織筁庥偘栂呜县',
  ],
  [
    '丣愘跈椥呌嚓杷癳蠽攧蘢袴憖祍拧桍厌譍糯妬太偉洪穂嗕场攂疁茯褖歑偭洷礊磇禾琻晛硄狇犋螝峽蠐记沫涞覵昴局葄詈歜趔',
    '丣愘跈椥呌嚓猑腪碮穵盳堗憖祍拧桍厌譍糯妬太偉洪穂尓彀螨疁茯褖添忰苡礊磇禾纓赂萭楢梌筡峽蠐记惖痤浝漦菽穣艺瞏灀',
  ],
  [
    '哗蚶蕤槯臽备猱盓樒堙徯廮襺褱灪槮撤廊剣滞糖殘犻信戻蛑埠絺籩栢徬媥綇嚍摚笻侤蚳袹崷甹槪論堣蓵箑罴敔侖嫀碄毵耹瞻',
    '債掩婥聾假巷猱盓樒堙徯廮沁翕趬槮撤廊剣滞糖琈涀珅戻蛑埠絺籩栢徬媥綇桵潯宱檣媱熵崷甹槪攊距梧箑罴敔侖嫀碄續嬰嘽',
  ],
] as const;

/** Different strings with one hash, 64 of them. */
const COLLIDING = PAIRS.reduce((all, pair) => all.flatMap((start) => pair.map((end) => start + end)), ['']);

afterEach(() => {
  vi.restoreAllMocks();
});

test('many strings with one hash cost no more than others', () => {
  expect(new Set(COLLIDING).size).toBe(64);
  expect(new Set(COLLIDING.map((string) => hashOf(string))).size).toBe(1);
  const has = vi.spyOn(HashedStrings.prototype, 'has');
  using stream = windowed({ time: 't', window: everything(), aggregates: { top: topK(text('v'), 64) } });
  stream.pushRows(COLLIDING.map((v, t) => ({ t, v })));
  const [row] = stream.close();
  expect(new Set(row?.top.map(({ value }) => value))).toEqual(new Set(COLLIDING));
  expect(has.mock.calls.length).toBeLessThan(3 * COLLIDING.length);
});
