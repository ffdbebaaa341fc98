using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;

namespace Proxy.Core.Tests.Channels;

public sealed class LocalAddressBookTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"channels-{Guid.NewGuid():N}.json");

    [Fact]
    public void Requests_FirstTime_InOrderOfNames() =>
        Assert.Equal(["127.1.0.1", "127.1.0.2", "127.1.0.3"], Given(Open(), "c", "a", "b"), StringComparer.Ordinal);

    [Fact]
    public void Requests_NameAddedAndRemoved_OthersKeepTheirs()
    {
        _ = Given(Open(), "b", "d");

        Assert.Equal(["127.1.0.3", "127.1.0.2"], Given(Open(), "a", "d"));
        Assert.Equal(["127.1.0.3", "127.1.0.1", "127.1.0.2"], Given(Open(), "a", "b", "d"));
    }

    [Fact]
    public void KeepOwnNumber_ThenOpenAgain_IsThatOfThisInstanceOfThisGroup()
    {
        Assert.Null(Open().OwnNumber("prod", "web-a"));
        Open().KeepOwnNumber("prod", "web-a", 7);
        _ = Given(Open(), "a");

        Assert.Equal(7, Open().OwnNumber("prod", "web-a"));
        Assert.Null(Open().OwnNumber("prod", "web-b"));
        Assert.Null(Open().OwnNumber("test", "web-a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"Requests":null,"Ports":{}}""")]
    [InlineData("""{"Requests":{"a":0},"Ports":{}}""")]
    [InlineData("""{"Requests":{"a":70000},"Ports":{}}""")]
    [InlineData("""{"Requests":{"a":1,"b":1},"Ports":{}}""")]
    [InlineData("""{"Requests":{"b":1},"Ports":{},"Own":{"Group":"prod","Instance":"web-a","Number":65533}}""")]
    [InlineData("""{"Requests":{"b":1},"Ports":{},"Own":{"Number":1}}""")]
    public void Open_SpoiltFile_BeginsAnew(string content)
    {
        File.WriteAllText(_path, content);

        Assert.Equal(["127.1.0.1", "127.1.0.2"], Given(Open(), "a", "b"));
        Assert.Equal(["127.1.0.1", "127.1.0.2"], Given(Open(), "a", "b"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"Requests":{"a":1,"b":1},"Ports":{}}""")]
    public void Open_SpoiltFile_SaysSo(string content)
    {
        File.WriteAllText(_path, content);
        using var log = new LogLines();

        _ = new LocalAddressBook(_path, log);

        Assert.StartsWith($"Warning: {_path} cannot be read", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoFile_IsNoFault()
    {
        using var log = new LogLines();

        _ = new LocalAddressBook(_path, log);

        Assert.Empty(log.All);
    }

    [Fact]
    public void Requests_FileCouldNotBeWritten_IsWrittenOnceItCanWithoutAFurtherChange()
    {
        var folder = $"{_path}.folder";
        var path = Path.Combine(folder, "state.json");
        using var log = new LogLines();
        var book = new LocalAddressBook(path, log);
        _ = Given(book, "b");
        _ = Given(book, "b");
        Assert.StartsWith($"Warning: {path} cannot be written", Assert.Single(log.All), StringComparison.Ordinal);

        Directory.CreateDirectory(folder);
        _ = Given(book, "b");

        Assert.Equal($"Information: {path} can be written again, and is.", log.All[^1]);
        Assert.Equal(["127.1.0.2", "127.1.0.1"], Given(new LocalAddressBook(path, NullLogger.Instance), "a", "b"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Port_Kept_IsThereAfterwards()
    {
        Open().KeepPort("A_1", 9100, 40001);

        Assert.Equal((40001, 0), (Open().Port("A_1", 9100), Open().Port("A_1", 9101)));
    }

    [Fact]
    public void Requests_FileCannotBeWritten_AddressesAreGivenAllTheSame() =>
        Assert.Equal(["127.1.0.1"], Given(new LocalAddressBook(Path.Combine(_path, "no", "folder"), NullLogger.Instance), "a"));

    public void Dispose() => File.Delete(_path);

    private static List<string> Given(LocalAddressBook book, params string[] names)
    {
        var given = book.Requests(names);
        return [.. given.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => pair.Value.ToString())];
    }

    private LocalAddressBook Open() => new(_path, NullLogger.Instance);
}
