console.log("hello " + require("fs").readFileSync(0, "utf8").trim());
