using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

/// <summary>
/// What /metrics said before and during a fault, laid out over time for promtool: a minute of the first scrape, then one scrape after the other every 15
/// seconds, and then as it went on between the last two. Only the time between scrapes is not the real one.
/// </summary>
internal sealed partial class Recording(Uri metrics) : IDisposable
{
    private const int Before = 4; // samples
    private const int All = 25; // up to six minutes
    private const string LongestWait = "proxy_lock_longest_wait_seconds";
    private const int Seconds = 15;

    private readonly HttpClient _http = new();
    private readonly List<Dictionary<string, double>> _scrapes = [];

    /// <summary>Records what the host says now; the first time before the fault.</summary>
    public async Task ScrapeAsync()
    {
        var text = await _http.GetStringAsync(metrics);
        var rules = await File.ReadAllTextAsync(Rules);
        _scrapes.Add(
            Sample()
                .Matches(text)
                .Where(match => rules.Contains(match.Groups["name"].Value, StringComparison.Ordinal))
                .ToDictionary(
                    static match => $"{match.Groups["name"].Value}{{job=\"proxy\",instance=\"a\",{match.Groups["labels"].Value}}}",
                    static match => double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
                )
        );
    }

    /// <summary>Asserts with promtool that an alert does not fire before the fault, and does five minutes after it began.</summary>
    public Task FiresAsync(string alert) => TestAsync($"alertname=~\"{alert}\"", fires: true);

    /// <summary>Asserts with promtool that no alert fires, with a few exceptions.</summary>
    /// <param name="except">A regular expression of their names.</param>
    public Task IsQuietAsync(string except) => TestAsync($"alertname!~\"{except}\"", fires: false);

    public void Dispose() => _http.Dispose();

    private static string Rules => DeployFiles.Path("prometheus", "proxy.rules.yml");

    private async Task TestAsync(string alerts, bool fires)
    {
        var folder = Directory.CreateTempSubdirectory("alerts-");
        try
        {
            var file = Path.Combine(folder.FullName, "test.yml");
            await File.WriteAllTextAsync(file, Test(alerts, fires));
            await Programs.RunAsync("promtool", "", "test", "rules", file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private string Test(string alerts, bool fires)
    {
        var test = new StringBuilder();
        test.AppendLine(CultureInfo.InvariantCulture, $"rule_files: ['{Rules}']");
        test.AppendLine("evaluation_interval: 15s");
        test.AppendLine("tests:");
        test.AppendLine(CultureInfo.InvariantCulture, $"  - interval: {Seconds}s");
        test.AppendLine("    input_series:");
        test.AppendLine("      - { series: 'up{job=\"proxy\",instance=\"a\"}', values: '1x24' }");
        foreach (var series in _scrapes.SelectMany(static scrape => scrape.Keys).Distinct())
        {
            test.AppendLine(CultureInfo.InvariantCulture, $"      - series: '{series}'");
            test.AppendLine(CultureInfo.InvariantCulture, $"        values: '{string.Join(' ', Values(series))}'");
        }

        test.AppendLine("    promql_expr_test:");
        var firing = $"count(ALERTS{{{alerts},alertstate=\"firing\"}}) > bool 0";
        test.AppendLine(CultureInfo.InvariantCulture, $"      - {{ expr: '{firing}', eval_time: 45s, exp_samples: [] }}");
        test.AppendLine(
            CultureInfo.InvariantCulture,
            $"      - {{ expr: '{firing}', eval_time: 6m, exp_samples: [ {(fires ? "{ labels: '{}', value: 1 }" : "")} ] }}"
        );
        return test.ToString();
    }

    private IEnumerable<string> Values(string series)
    {
        for (var i = 0; i < All; i++)
        {
            yield return Value(series, i - Before) is { } value ? value.ToString("R", CultureInfo.InvariantCulture) : "_";
        }
    }

    private double? Value(string series, int afterFault)
    {
        var last = _scrapes.Count - 1;
        var index = Math.Clamp(afterFault + 1, 0, last);
        if (!_scrapes[index].TryGetValue(series, out var value))
        {
            return null;
        }

        var beyond = afterFault + 1 - last;
        return beyond <= 0 ? value : value + (beyond * Growth(series, last));
    }

    private double Growth(string series, int last) =>
        series.StartsWith(LongestWait, StringComparison.Ordinal) ? (_scrapes[last][series] > 0 ? Seconds : 0)
        : Counter().IsMatch(series) ? _scrapes[last][series] - _scrapes[last - 1].GetValueOrDefault(series)
        : 0;

    [GeneratedRegex(@"^(?<name>proxy_\w+)(?:\{(?<labels>[^}]*)\})? (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"^proxy_\w+_(total|count|bucket|sum)\{")]
    private static partial Regex Counter();
}
