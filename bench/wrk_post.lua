-- wrk: POST chat completions that are not streamed, count by status, print one JSON line.
-- Environment: KEY, MODEL, UNIQUE=1 (no prompt and no reply comes twice).
local model = os.getenv("MODEL") or "mock"
local unique = os.getenv("UNIQUE") == "1"
local head = '{"model":"' .. model .. '","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"'
local pad = string.rep("Please write a short note about rivers, bread and the weather for the town newsletter. ", 6)
local lines = {
  "The ferry leaves at seven and takes forty minutes to reach the southern bank of the lake. ",
  "Add the flour slowly, stir until smooth, and let the dough rest for an hour under a damp cloth. ",
  "Our library opens a new reading room in spring, with longer hours on Thursday and Saturday. ",
  "To compare two fractions, bring them to one denominator and then compare their numerators. ",
  "The old bridge was repaired with stone from the same quarry that its builders had used. ",
  "Please send the signed copy back by Friday so that the order can be shipped next week. ",
  "A cold front arrives tonight; expect wind from the north and light rain before noon. ",
}
local made = 0
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer " .. (os.getenv("KEY") or "none")
wrk.body = head .. pad .. '"}]}'

if unique then
  request = function()
    made = made + 1
    local said = "Question " .. made .. ". "
    for k = 1, 6 do said = said .. lines[(made * k + k) % #lines + 1] end
    return wrk.format(nil, nil, nil, head .. said .. '@mock unique=1;"}]}')
  end
end

done = function(summary, latency)
  io.stderr:write(string.format(
    '{"requests":%d,"seconds":%.3f,"us_p50":%d,"us_p99":%d,"failed":%d,"refused":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status))
end
