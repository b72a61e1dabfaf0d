// The few words that scripts say themselves. Pages bring all others from the server.
const WORDS = {
  zh: {
    saved: "草稿已保存",
    notSaved: "草稿未能保存，请勿关闭页面",
    offline: "无法连接服务器，请检查网络后重试",
    refused: "操作未能完成，请刷新页面后重试",
    diagram: "流程图",
    diagramFailed: "流程图无法显示",
    diagramMissing: "此流程的文件中没有图形",
    here: "当前节点",
    whole: "显示全图",
    token: "显示当前节点",
    larger: "放大",
    smaller: "缩小",
    times: "工作时长",
    added: "新增",
    removed: "删除",
    changed: "修改",
    moved: "移动",
  },
  en: {
    saved: "Draft saved",
    notSaved: "The draft could not be saved; keep this page open",
    offline: "The server cannot be reached; check the network and try again",
    refused: "This could not be done; reload the page and try again",
    diagram: "Process diagram",
    diagramFailed: "The diagram cannot be shown",
    diagramMissing: "The file of this process has no drawing",
    here: "the case is here",
    whole: "Show the whole diagram",
    token: "Show where the case is",
    larger: "Larger",
    smaller: "Smaller",
    times: "Working times",
    added: "added",
    removed: "removed",
    changed: "changed",
    moved: "moved",
  },
};

/** The word in the language of the page. */
export function word(key) {
  const language = (document.documentElement.lang || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  return WORDS[language][key];
}
