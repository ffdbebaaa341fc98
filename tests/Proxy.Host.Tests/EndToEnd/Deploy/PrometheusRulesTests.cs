using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

public sealed class PrometheusRulesTests
{
    [RealServerFact("promtool")]
    public async Task Rules_TestedByPromtool_EachFiresOnItsCondition()
    {
        await Programs.RunAsync("promtool", "", "check", "rules", DeployFiles.Path("prometheus", "proxy.rules.yml"));
        await Programs.RunAsync("promtool", "", "test", "rules", DeployFiles.Path("prometheus", "proxy.rules.test.yml"));
        await Programs.RunAsync("promtool", "", "check", "config", "--syntax-only", DeployFiles.Path("prometheus", "prometheus.yml"));
    }

    [RealServerFact("python3")]
    public async Task Rules_EveryAlert_HasTestsForFiringAndNotFiringAndAnExplanation()
    {
        var rules = (await DeployFiles.YamlAsync("prometheus", "proxy.rules.yml"))[0]
            .GetProperty("groups")[0]
            .GetProperty("rules")
            .EnumerateArray()
            .Select(static rule => rule.GetProperty("alert").GetString()!)
            .ToList();
        var tests = (await DeployFiles.YamlAsync("prometheus", "proxy.rules.test.yml"))[0].GetProperty("tests").EnumerateArray().ToList();

        foreach (var test in tests)
        {
            var tested = test.GetProperty("alert_rule_test")
                .EnumerateArray()
                .Select(static alert => alert.GetProperty("alertname").GetString()!);
            Assert.Equal(rules, tested);
        }

        Assert.All(rules, static rule => Assert.Contains($"`{rule}`", DeployFiles.Docs("operating.md"), StringComparison.Ordinal));
    }
}
