using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Checks the programs and URLs that are notified of changes of channels.</summary>
internal static class ChannelNotifyValidator
{
    private const string Path = $"{ChannelsValidator.Section}:Notify";

    public static void Check(ChannelNotifyConfig notify, ProblemList problems)
    {
        if (notify.Debounce.Min > notify.Debounce.Max)
        {
            problems.Consequence($"{Path}:Debounce", "has a Min above its Max; lower Min or raise Max.", $"{Path}:Debounce");
        }

        foreach (var (index, exec) in notify.Exec.Index())
        {
            if (exec.Command is [] or ["", ..])
            {
                var path = $"{Path}:Exec:{index}:Command";
                problems.Consequence(path, "names no program; write [\"/path/to/program\", \"argument\"].", path);
            }
        }

        foreach (var (index, webhook) in notify.Http.Index())
        {
            if (!Uri.TryCreate(webhook.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                problems.Consequence(
                    $"{Path}:Http:{index}:Url",
                    $"'{ScalarReader.Shorten(webhook.Url)}' is no absolute URL; write http://host/path or https://host/path."
                );
            }
            else if (url.UserInfo.Length > 0)
            {
                problems.Consequence(
                    $"{Path}:Http:{index}:Url",
                    "has a user name or password, which are not sent; leave out what stands before '@'."
                );
            }
        }
    }
}
