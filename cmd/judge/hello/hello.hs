main :: IO ()
main = getLine >>= putStrLn . ("hello " ++)
