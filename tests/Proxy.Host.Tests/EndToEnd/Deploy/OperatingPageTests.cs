using Proxy.Diagnostics;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

public sealed class OperatingPageTests
{
    [Fact]
    public void Page_EveryOutcome_IsExplainedWithARemedy()
    {
        var rows = DeployFiles
            .Docs("operating.md")
            .Split('\n')
            .Where(static line => line.StartsWith('|'))
            .Select(static line => line.Split('|'))
            .ToList();

        foreach (var outcome in Enum.GetNames<ConnectionOutcome>())
        {
            var row = Assert.Single(rows, row => row[1].Contains($"`{outcome}`", StringComparison.Ordinal));
            Assert.Equal(5, row.Length);
            Assert.All(row[2..4], static cell => Assert.NotEmpty(cell.Trim()));
        }
    }
}
