using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>A file that is written from its start is, at every moment, the whole one or an error.</summary>
public sealed class TruncationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly ConfigDocument _document = new();

    public static TheoryData<string> Files => ShippedFiles.Names;

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_TruncatedAtEveryOffset_IsTheWholeOrAnError(string file)
    {
        var whole = ShippedFiles.Read(file);
        var id = _document.Read(whole).Revision!.Id;
        var end = whole.AsSpan().LastIndexOf((byte)'}') + 1;
        for (var length = 0; length <= whole.Length; length++)
        {
            var result = _document.Read(whole[..length]);

            Assert.Equal(length < end ? null : id, result.Revision?.Id);
            Assert.Equal(length < end ? 1 : 0, result.Errors.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_TruncatedAtEveryOffset_KeepsTheLastGoodContent(string file)
    {
        var whole = ShippedFiles.Read(file);
        File.WriteAllBytes(_file, whole);
        using var provider = (JsonFileProvider)new JsonFileSource(_file) { Watch = false }.Build(new ConfigurationBuilder());
        provider.Load();
        var content = provider.Current.Values.ToDictionary();
        var lines = content.Keys.ToDictionary(static path => path, provider.LineOf);
        var end = whole.AsSpan().LastIndexOf((byte)'}') + 1;
        for (var length = whole.Length; length >= 0; length--)
        {
            File.WriteAllBytes(_file, whole[..length]);
            provider.Load();

            Assert.Equal(length < end, provider.Problem is not null);
            Assert.Equal(content, provider.Current.Values);
            Assert.All(content, pair => Assert.True(provider.TryGet(pair.Key, out var value) && value == pair.Value));
            Assert.All(lines, pair => Assert.Equal(pair.Value, provider.LineOf(pair.Key)));
        }

        File.WriteAllText(_file, """{"Demo":{"Enabled":false}}""");
        provider.Load();

        Assert.Null(provider.Problem);
        Assert.Equal([KeyValuePair.Create("Demo:Enabled", (string?)"false")], provider.Current.Values);
    }

    public void Dispose()
    {
        _document.Dispose();
        File.Delete(_file);
    }
}
