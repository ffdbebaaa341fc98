using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>Spoilt files are read or refused; nothing throws, not even where it would be caught.</summary>
public sealed partial class MutationTests : IDisposable
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static readonly string[] _fragments = ["{", "}", "[", "]", ",", ":", "{}", "[[", "\"", "nul", "//", "/*", "\0"];

    // What stands well in one place and badly in another.
    private static readonly string[] _values =
    [
        .. (string[])
            [
                "null",
                "true",
                "0",
                "-1",
                "1.5",
                "1e99",
                "99999999999999999999",
                "{}",
                "[]",
                "[null]",
                "[[]]",
                """{"a":{}}""",
                """[{"0":1}]""",
            ],
        .. (
            (string[])["", " ", "None", "0", "a", "Lock", "*", "\\u0000", "\\u001b\\n", "00:00:00", "99.00:00:00", "10.0.0.0/33", "::/0"]
        ).Select(Quoted),
        .. (
            (string[])["tcp://", "tcp://[", "unix:", "http://", "http://[::", "https://h", "localhost:1-999", "*:0", "\\ud83d\\ude00"]
        ).Select(Quoted),
        .. ((string[])["{**", "Address", "ClusterId", "Tcp", "HttpClient", "Metadata", "0.0.0.0:11000", "http://*:9099"]).Select(Quoted),
    ];

    private readonly ConfigDocument _document = new();

    public static TheoryData<string> Files => ShippedFiles.Names;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_TokensDeletedReplacedOrDoubled_IsRevisionOrErrors(string file)
    {
        var tokens = Tokens().Matches(Encoding.UTF8.GetString(ShippedFiles.Read(file))).Select(static match => match.Value).ToList();
        var mutants = Gen.Choose(1, 4).SelectMany(count => Mutants(tokens, count));

        Check.One(_config, Prop.ForAll(mutants.ToArbitrary(), text => IsRevisionOrErrors(Encoding.UTF8.GetBytes(text))));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_BytesOverwritten_IsRevisionOrErrors(string file)
    {
        var good = ShippedFiles.Read(file);
        var mutants =
            from start in Gen.Choose(0, good.Length - 1)
            from length in Gen.Choose(0, 8)
            from noise in Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf()
            select (byte[])[.. good[..start], .. noise, .. good[Math.Min(start + length, good.Length)..]];

        Check.One(_config, Prop.ForAll(mutants.ToArbitrary(), IsRevisionOrErrors));
    }

    [Fact]
    public void Read_AnyBytes_IsRevisionOrErrors() => Check.One(_config, Prop.ForAll<byte[]>(IsRevisionOrErrors));

    public void Dispose() => _document.Dispose();

    private static Gen<string> Mutants(IReadOnlyList<string> tokens, int count) =>
        Edit(tokens).SelectMany(edited => count > 1 ? Mutants(edited, count - 1) : Gen.Constant(string.Concat(edited)));

    private static Gen<IReadOnlyList<string>> Edit(IReadOnlyList<string> tokens) =>
        from edit in Gen.Frequency((9, Swap(tokens)), (1, Break(tokens)))
        select (IReadOnlyList<string>)[.. tokens.Take(edit.At), .. edit.With, .. tokens.Skip(edit.At + 1)];

    // A key becomes another key and a value another value: the reader gets to see it.
    private static Gen<(int At, string[] With)> Swap(IReadOnlyList<string> tokens) =>
        from at in Gen.Elements(Enumerable.Range(0, tokens.Count).Where(at => IsValue(tokens[at])))
        let isKey = at + 1 < tokens.Count && tokens[at + 1] == ":"
        from with in Gen.Elements(_values.Concat(tokens).Where(other => isKey ? other[0] == '"' : IsValue(other)))
        select (at, new[] { with });

    // Any token goes, comes twice or becomes what belongs elsewhere: mostly the parser refuses that.
    private static Gen<(int At, string[] With)> Break(IReadOnlyList<string> tokens) =>
        from at in Gen.Choose(0, tokens.Count - 1)
        from with in Gen.OneOf(
            Gen.Elements(_fragments).Select(static other => new[] { other }),
            Gen.Elements((string[])[], [tokens[at], tokens[at]])
        )
        select (at, with);

    private static bool IsValue(string token) =>
        !char.IsWhiteSpace(token[0]) && token[0] != '/' && token is not ("{" or "}" or "[" or "]" or "," or ":");

    private static string Quoted(string text) => $"\"{text}\"";

    private void IsRevisionOrErrors(byte[] json)
    {
        var result = _document.Read(json);

        Assert.Equal(result.Revision is null, result.Errors.Count > 0);
        // What was thrown and caught says so.
        Assert.DoesNotContain(result.Errors, static error => error.Message.Contains("cannot be read", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Errors, static error => error.Message.Contains("YARP cannot read", StringComparison.Ordinal));
        Assert.All(result.Errors, static error => Assert.DoesNotContain(error.ToString(), char.IsControl));
        Assert.All(result.Errors, static error => Assert.NotNull(error.Line));
    }

    // Comments and space are one token: what is done to them has no effect.
    [GeneratedRegex("""(//.*\n|\s)+|"(\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+""")]
    private static partial Regex Tokens();
}
