using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

/// <summary>What stands below a key repeats its path: long ones would cost the square of their length.</summary>
public sealed class JsonFileParserTests
{
    [Theory]
    [InlineData(64, false)]
    [InlineData(65, true)]
    [InlineData(100_000, true)]
    public void Parse_KeyOfManyParts_IsAnErrorOfItsParent(int parts, bool tooMany)
    {
        var problem = Problem(string.Join(':', Enumerable.Repeat("a", parts)));

        Assert.Equal(3, problem.Line);
        Assert.Equal(tooMany ? "Log" : "Log:a:a:a", problem.Path[..Math.Min(problem.Path.Length, 9)]);
        Assert.Equal(tooMany, problem.Message.Contains("more than 64 parts", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1020, null)]
    [InlineData(1021, "more than 1024 characters")]
    [InlineData(100_000, "more than 1024 characters")]
    public void Parse_LongKey_IsAnErrorOfItsParent(int length, string? expected)
    {
        var problems = Problems(new string('k', length));

        Assert.Equal(expected is null, problems.Count == 0);
        Assert.All(problems, problem => Assert.Equal(("Log", 3), (problem.Path, problem.Line)));
        Assert.All(problems, problem => Assert.Contains(expected!, problem.Message, StringComparison.Ordinal));
    }

    private static ConfigProblem Problem(string key) => Assert.Single(Problems(key));

    private static IReadOnlyList<ConfigProblem> Problems(string key)
    {
        var content = JsonFileParser.Parse(Encoding.UTF8.GetBytes($"{{ \"Log\":\n {{\n \"{key}\": 1 }} }}"), "f", out var problems);

        Assert.NotNull(content);
        return problems;
    }
}
