using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class ConfigProblemTests
{
    [Theory]
    [InlineData("a.json", 7, "A:B", "a.json:7: A:B: is wrong.")]
    [InlineData("a.json", null, "A:B", "a.json: A:B: is wrong.")]
    [InlineData(null, null, "A:B", "A:B: is wrong.")]
    [InlineData("a.json", 7, "", "a.json:7: is wrong.")]
    [InlineData("etcd:fleet", 7, "A:B", "etcd:fleet line 7: A:B: is wrong.")]
    [InlineData("etcd:fleet", null, "", "etcd:fleet: is wrong.")]
    [InlineData(null, null, "", "is wrong.")]
    public void ToString_Place_ComesFirst(string? file, int? line, string path, string expected) =>
        Assert.Equal(expected, new ConfigProblem(path, "is wrong.", file, line).ToString());

    [Fact]
    public void ToString_ControlCharactersInWhatIsQuoted_StaysOneHarmlessLine() =>
        Assert.Equal(
            @"A:b\u000a: '\u001b[2J\u000d\u0085' is wrong.",
            new ConfigProblem("A:b\n", "'\u001b[2J\r\u0085' is wrong.").ToString()
        );
}
